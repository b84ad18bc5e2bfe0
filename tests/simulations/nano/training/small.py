"""A model of nano's world that is small enough to be trained in a test."""

from __future__ import annotations

from operators.nano.config import Config
from simulations.nano.training.sequences import config_of


def small() -> Config:
    return config_of(width=32, layers=2, heads=2, key_heads=1, inner=48, ears=24, dilations=(1, 2, 4), eyes=16, looks=1)
