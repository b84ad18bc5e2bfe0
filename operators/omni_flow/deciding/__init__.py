"""Listen or speak: logits filtered and chosen from, the steps of a window, and what a window came to."""
