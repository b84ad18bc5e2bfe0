"""What was said, read from a trace: exchanges, turns of the user, the room and the transcript."""
