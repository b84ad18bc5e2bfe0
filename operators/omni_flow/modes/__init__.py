"""A session's mode, and what a change of it carries over."""
