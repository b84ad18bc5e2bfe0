"""The model in less than 12 GB: the language model's linear layers in 4 bit, made and rounded a weight at a time."""
