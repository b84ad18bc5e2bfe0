"""Declare a pipeline, check it, show it. A graph is a value: bound to nothing until it is run."""
