"""Every example in a docstring does what it shows."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

PACKAGES = ("omniflow_graph", "operators", "recordings", "simulations")


def modules() -> list[str]:
    found = []
    for package in PACKAGES:
        found += [package, *(each.name for each in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."))]
    return found


@pytest.mark.parametrize("name", modules())
def test_the_examples_of_a_module_do_what_they_show(name):
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0


def test_the_walk_finds_modules_of_every_package_and_their_examples():
    found = modules()
    assert {name.partition(".")[0] for name in found} == set(PACKAGES)
    assert {"omniflow_graph.graph.graph", "omniflow_graph.engine.flow", "operators.commands.replay", "recordings.make"} <= set(found)
    examples = [test for test in doctest.DocTestFinder().find(importlib.import_module("omniflow_graph.events")) if test.examples]
    assert [test.name for test in examples] == ["omniflow_graph.events.causes", "omniflow_graph.events.seconds"]
