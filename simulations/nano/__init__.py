"""The closed world that nano learns and is judged in: a lamp, blocks, a kettle, and who talks about them."""
