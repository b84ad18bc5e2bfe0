"""The token groups of Omni-Flow: a vocabulary, windows laid out as tokens, and tokens parsed back into windows."""
