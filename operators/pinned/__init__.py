"""A trace's expectation: what is pinned of it, its file, and where another run departs from it."""
