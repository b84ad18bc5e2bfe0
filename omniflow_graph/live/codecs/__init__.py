"""What arrives on a socket, as records: one file for each format, each a pure function of the parts of a message."""
