"""Worlds to run a graph in: users, rooms and faults, all from a seed; and what shows there whether it holds."""
