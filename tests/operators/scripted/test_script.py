"""A script is checked at the door."""

from __future__ import annotations

import pytest

from operators.scripted.script import Rule, load_script


def script(tmp_path, text: str):
    path = tmp_path / "lines.yaml"
    path.write_text(text, encoding="utf-8")
    return load_script(path)


def test_every_kind_of_rule_is_read(tmp_path):
    text = "- when: {speech_ends: 1}\n  say: Yes?\n- when: {scene: 2}\n  say: ' Oh. '\n- when: {at: 1.5}\n  say: Late.\n- when: {at: 0}\n  say: Hi.\n"
    assert script(tmp_path, text) == (
        Rule("speech_ends", 1, "Yes?"),
        Rule("scene", 2, "Oh."),
        Rule("at", 1_500_000_000, "Late."),
        Rule("at", 0, "Hi."),
    )


def test_an_empty_list_says_nothing(tmp_path):
    assert script(tmp_path, "[]") == ()


def test_the_default_script_answers_three_questions():
    assert [(rule.trigger, rule.n) for rule in load_script()] == [("speech_ends", 2), ("speech_ends", 3), ("speech_ends", 4)]


BAD = {
    "when: {at: 1}\nsay: x": "wants a list of rules, got dict; begin each with '- when:'",
    "": "wants a list of rules, got NoneType",
    "- [": "is not YAML",
    "- hello": "rule 1: wants exactly 'when' and 'say', got 'hello'",
    "- {when: {at: 1}, say: x}\n- {when: {at: 1}, says: x}": "rule 2: wants exactly 'when' and 'say', got when, says",
    "- {when: {at: 1}, say: ''}": "rule 1: 'say' wants a text, got ''",
    "- {when: {at: 1}, say: 5}": "rule 1: 'say' wants a text, got 5",
    "- {when: {speech_end: 1}, say: x}": "rule 1: 'when' wants one of speech_ends, scene, at, got {'speech_end': 1}",
    "- {when: {at: 1, scene: 2}, say: x}": "'when' wants one of",
    "- {when: at, say: x}": "'when' wants one of",
    "- {when: {at: -1}, say: x}": "'at' wants seconds, 0 or more, got -1",
    "- {when: {at: .nan}, say: x}": "'at' wants seconds, 0 or more, got nan",
    "- {when: {at: true}, say: x}": "'at' wants seconds, 0 or more, got True",
    "- {when: {speech_ends: 0}, say: x}": "'speech_ends' wants a count from 1, got 0",
    "- {when: {speech_ends: true}, say: x}": "'speech_ends' wants a count from 1, got True",
    "- {when: {scene: 1}, say: x}": "'scene' wants a count from 2, got 1",
}


@pytest.mark.parametrize("text", BAD)
def test_a_bad_script_is_refused_by_file_and_rule(tmp_path, text):
    with pytest.raises(ValueError) as refused:
        script(tmp_path, text)
    assert str(refused.value).startswith(f"script {tmp_path / 'lines.yaml'}")
    assert BAD[text] in str(refused.value)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "lines.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"lines\.yaml: is not a text file in UTF-8"):
        load_script(path)
