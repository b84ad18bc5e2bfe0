"""Sound and pictures: payload types, import and export of media files."""
