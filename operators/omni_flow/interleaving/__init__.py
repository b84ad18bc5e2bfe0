"""Time-aligned interleaving: a dialogue's words divided into windows, how many ahead, and how stale they get."""
