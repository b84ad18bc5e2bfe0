"""The pipeline with the world around it: what is fed beside it, what it puts out, and a player that acknowledges."""
