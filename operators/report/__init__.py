"""One self-contained page per run: what was seen, heard, decided, said and when it was heard, and why."""
