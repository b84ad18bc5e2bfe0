"""Measure how an assistant takes turns: from the trace of a session, and as Full-Duplex-Bench does from folders."""
