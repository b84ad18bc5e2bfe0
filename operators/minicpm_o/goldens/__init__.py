"""What the published runtime computed with a small checkpoint, compared with what comes out here."""
