"""Measured beside others, in the same run. Figures are in README.md."""
