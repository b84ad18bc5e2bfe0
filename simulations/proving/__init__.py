"""What must be true of any conversation, drawn ones to try it on, and the plugin for pytest."""
