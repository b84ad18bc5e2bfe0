"""Would it hold real time? What stages cost on which machine, and what a run came to."""
