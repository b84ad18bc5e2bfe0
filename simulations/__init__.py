"""Worlds to run a graph in: users, rooms, faults, all from a seed. Empty so far."""
