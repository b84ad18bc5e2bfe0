"""Train all of the model on a dialogue: loss of what it chooses to say flows back through the language model to what it saw and heard,
and loss of its speech codes through the speech decoder to the same.

`example` says what is to be learned, `loss` computes it with gradients, `stepping` follows them.
"""
