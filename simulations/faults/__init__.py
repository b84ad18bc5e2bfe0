"""What should not happen to events, and does: kinds of faults, faults made of faults, and a graph that has them."""
