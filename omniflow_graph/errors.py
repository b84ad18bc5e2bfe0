"""What can go wrong, by whose fault: the graph's, an operator's, a recording's."""


class GraphError(ValueError):
    """Say that a graph has no meaning. Known before anything runs."""


class RunError(ValueError):
    """Say that an operator or a source broke a promise about time. Names it, and the session."""


class RecordingError(ValueError):
    """Say that a recording cannot be read or written. One sentence: the file, what is wrong, the way out."""
