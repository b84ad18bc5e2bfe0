"""Run graphs: on Bytewax, or directly; with the same result."""
