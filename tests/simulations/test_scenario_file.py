"""A scenario file says in virtual milliseconds what a scenario is; what is wrong in it is named with file, entry, wanted and got."""

from __future__ import annotations

from pathlib import Path

import pytest

from operators.scripted.script import Rule
from simulations.scenario import MS, Act, Answered, At, Begun, Echo, Gap, Phrase, Room, Scenario, Shot, Wait
from simulations.scenario_file import bundled, load_scenario

WHOLE = """
name: all of it
length: 20000
jitter: 250
mhm_every: 1500
yields: 800
frame: 50
fps: 4
look: 900
speech: voice
user:
- {say: "What is that?", at: 1000, how: beep 800 200 3000}
- {interrupt: "Stop, please.", phrase: lamp, wait: 300}
- {interrupt: "Now.", phrase: lamp}
- {interrupt: "Well?", gap: 700}
- {interrupt: "No."}
- {mhm: , begun: 900}
- {aside: "Hi Ann."}
- {say: "And now?", answered: 800, patience: 4000, otherwise: repeat}
- {say: "So?"}
- leave
room:
  noise_db: 20
  music: 60
  rumble: 40
  echo: {delay: 150, permille: 80}
  talker:
  - {aside: "Bye.", wait: 1200.5}
camera:
- {at: 0, scene: a lamp}
- {at: 9000, scene: frozen}
faults:
  env-audio: loss(permille=20)
assistant:
- {when: {speech_ends: 1}, say: It is a lamp.}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "talk.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_says_all_that_a_scenario_is(tmp_path):
    user = (
        Act("say", At(1000 * MS), "What is that?", "beep 800 200 3000"),
        Act("interrupt", Phrase("lamp", 300 * MS), "Stop, please."),
        Act("interrupt", Phrase("lamp"), "Now."),
        Act("interrupt", Gap(700 * MS), "Well?"),
        Act("interrupt", Begun(1000 * MS), "No."),
        Act("mhm", Begun(900 * MS), "mhm"),
        Act("aside", Wait(), "Hi Ann."),
        Act("say", Answered(800 * MS, 4000 * MS, "repeat"), "And now?"),
        Act("say", Answered(), "So?"),
        Act("leave", Wait()),
    )
    room = Room(300, 60, Echo(150 * MS, 80), (Act("aside", Wait(1_200_500_000), "Bye."),), 40)
    assert load_scenario(written(tmp_path, WHOLE)) == Scenario(
        "all of it", 20_000 * MS, user, room, (Shot(0, "a lamp"), Shot(9000 * MS, "frozen")), 250 * MS, 1500 * MS, 800 * MS, 50 * MS, 4,
        "voice", (Rule("speech_ends", 1, "It is a lamp."),), (("env-audio", "loss(permille=20)"),), 900 * MS,
    )  # fmt: skip


def test_a_file_need_say_no_more_than_a_length_and_names_the_scenario(tmp_path):
    assert load_scenario(written(tmp_path, "length: 1000")) == Scenario("talk", 1000 * MS)


@pytest.mark.parametrize("name", bundled())
def test_the_bundled_scenarios_are_there_by_name(name):
    assert load_scenario(name).name == name


WRONG = [
    ("user: []", "wants a length in ms, as in 'length: 20000'"),
    ("- length", "wants a map of .*length.*; got ['length']"),
    ("length: [", "is not YAML: while parsing"),
    ("length: long", "length: wants a number, got 'long'"),
    ("length: -5", "length: wants milliseconds, 0 or more, got -5"),
    ("length: 0", "wants a length of up to 1000000 s, got 0 ns"),
    ("length: 9\nspeed: 3", "wants a map of .*; got speed"),
    ("length: 9\nuser: say", "user: wants a list, got 'say'; begin each entry with '-'"),
    ("length: 9\nuser: [5]", "user, act 1: wants a map such as {say: Hello, at: 1000}, got 5"),
    ("length: 9\nuser: [{say: A}, {say: A, mhm: B}]", "user, act 2: wants exactly one of say, interrupt, mhm, aside, leave, got say, mhm"),
    ("length: 9\nuser: [{say: 7}]", "user, act 1, say: wants a text, got 7"),
    ("length: 9\nuser: [{say: A, at: 1, wait: 2}]", "user, act 1: wants one trigger out of at, wait, .* got at, wait"),
    ("length: 9\nuser: [{say: A, at: 1, patience: 2}]", "user, act 1: wants one trigger .* got patience"),
    ("length: 9\nuser: [{say: A, at: soon}]", "user, act 1, at: wants a number, got 'soon'"),
    ("length: 9\nuser: [{say: A, answered: 1, otherwise: cry}]", "say 'A': wants otherwise to be one of repeat, go-on, leave, got 'cry'"),
    ("length: 9\nroom: {noise: 1, noise_db: 2}", "room: wants noise or noise_db .below speech., not both"),
    ("length: 9\nroom: {echo: {gain: 1}}", "room, echo: wants a map of delay, permille; got gain"),
    ("length: 9\nroom: {talker: [{aside: A, begun: 1}]}", "somebody else in the room does not hear the assistant"),
    ("length: 9\ncamera: [{at: 1}]", "shot 1: wants 'at' and 'scene', got at"),
    ("length: 9\nfps: 2.5", "fps: wants a whole number, got 2.5"),
    ("length: 9\nfaults: {listen: 5}", "faults: wants a map such as"),
    ("length: 9\nfaults: {listen: lose(permille=5)}", "faults, listen: fault .* there is no fault 'lose'"),
    ("length: 9\nassistant: [{say: A}]", "assistant, rule 1: wants exactly 'when' and 'say', got say"),
    ("length: \xff".encode("latin-1"), "is not a text file in UTF-8"),
]


@pytest.mark.parametrize(("text", "words"), WRONG, ids=[str(text)[-30:] for text, _ in WRONG])
def test_what_is_wrong_is_named_with_its_place(tmp_path, text, words):
    path = tmp_path / "talk.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=f"talk.yaml.*{words}".replace("[", r"\[").replace("{", r"\{")) as caught:
        load_scenario(path)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_refused_with_what_is():
    with pytest.raises(ValueError, match=r"scenario nowhere: there is no such file, nor a bundled scenario; those are .*questions"):
        load_scenario("nowhere")
