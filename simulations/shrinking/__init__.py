"""Make a session that fails as small as it can be."""
