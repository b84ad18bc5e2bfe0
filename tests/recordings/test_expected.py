"""The sample sessions replay to what is pinned beside them, to the last digest, on every machine."""

from __future__ import annotations

import pytest

from operators.pinned.expectation_file import place, read
from recordings import FOLDER, bundled
from tests.omniflow_graph.commands.calls import Shell

MODELS = {"dialogue_zh": "recorded", "three_questions": "scripted-fast"}


def test_every_sample_session_comes_out_as_expected(capsys):
    found = Shell(capsys)("check", FOLDER, "--json")
    assert (found.code, found.err) == (0, "")
    assert [(told["recording"], told["verdict"], told["notes"]) for told in found.json["recordings"]] == [
        (name, "as expected", []) for name in sorted(MODELS)
    ]


@pytest.mark.parametrize(("name", "model"), MODELS.items())
def test_what_is_expected_holds_on_every_machine(name, model):
    expected = read(place(bundled()[name]))
    assert (expected.settings.model, expected.exact, expected.made_with) == (model, "everywhere", {})
