"""What a trace says of a conversation in figures."""
