"""What hears and sees: detectors of speech and of scenes, and the words for what changed."""
