"""Read a scenario from YAML, in virtual milliseconds. Whatever is wrong is named with file and entry.

length: 20000
user:
- {say: What is that?, at: 1000}
- {interrupt: "Stop, please.", phrase: lamp, wait: 200}
- {mhm: mhm, begun: 900}
- {say: And now?, answered: 800, patience: 4000, otherwise: repeat}
room: {noise_db: 25, echo: {delay: 120, permille: 150}}
camera:
- {at: 0, scene: a lamp}
assistant:                        # what a scripted one says; rules as in a script file
- {when: {speech_ends: 1}, say: It is a lamp.}
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from reprlib import repr as quoted
from typing import Any

from omniflow_graph.files import whole
from operators.scripted.script import rules
from simulations.faults.text import fault_of
from simulations.room.speech import noise_at
from simulations.scenario import MS, Act, Answered, At, Begun, Echo, Gap, Phrase, Room, Scenario, Shot, Trigger, Wait

BUNDLED = Path(__file__).parent / "scenarios"
LARGEST = 1 << 20  # bytes
ACTS = ("say", "interrupt", "mhm", "aside", "leave")
TRIGGERS = ("at", "wait", "answered", "begun", "phrase", "gap")
KNOWN = {
    "scenario": {
        "name",
        "length",
        "user",
        "room",
        "camera",
        "jitter",
        "mhm_every",
        "yields",
        "frame",
        "fps",
        "look",
        "speech",
        "assistant",
        "faults",
    },
    "room": {"noise_db", "noise", "rumble", "music", "echo", "talker"},
    "echo": {"delay", "permille"},
    "shot": {"at", "scene"},
}


def bundled() -> list[str]:
    """Name the scenarios that come with the package."""
    return sorted(path.stem for path in BUNDLED.glob("*.yaml"))


def load_scenario(path: str | Path) -> Scenario:
    """Read a scenario file, or a bundled one by its name. Raises ValueError naming file, entry, wanted and got."""
    import yaml

    given = Path(path)
    if not given.suffix and not given.exists():
        given = BUNDLED / f"{path}.yaml"
    if not given.exists():
        raise ValueError(f"scenario {path}: there is no such file, nor a bundled scenario; those are {', '.join(bundled())}")
    try:
        return scenario_of(yaml.safe_load(whole(given, LARGEST).decode()), f"scenario {given}", given.stem)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"scenario {given}: is not YAML: {' '.join(str(error).split())}") from None
    except UnicodeDecodeError:
        raise ValueError(f"scenario {given}: is not a text file in UTF-8") from None


def scenario_of(given: Any, whose: str, name: str = "scenario") -> Scenario:
    """Check a scenario as YAML gives it. Raises ValueError that begins with whose it is."""
    of = _map(given, whose, "scenario")
    if "length" not in of:
        raise ValueError(f"{whose}: wants a length in ms, as in 'length: 20000'")
    times = {key: _ms(of[key], f"{whose}, {key}") for key in ("length", "jitter", "mhm_every", "yields", "frame", "look") if key in of}
    script = rules(of["assistant"], f"{whose}, assistant") if "assistant" in of else ()
    try:
        return Scenario(
            _text(of.get("name", name), f"{whose}, name"), user=_acts(of.get("user", []), f"{whose}, user"), room=_room(of.get("room", {}), whose),
            camera=_shots(of.get("camera", []), whose), script=script, faults=_faults(of.get("faults", {}), whose),
            speech=of.get("speech", "hum"), **times, **({"fps": _whole(of["fps"], f"{whose}, fps")} if "fps" in of else {}),
        )  # fmt: skip
    except ValueError as error:
        raise error if str(error).startswith(whose) else ValueError(f"{whose}: {str(error).partition(': ')[2]}") from None


def _acts(given: Any, whose: str) -> tuple[Act, ...]:
    return tuple(_act(entry, f"{whose}, act {n}") for n, entry in enumerate(_list(given, whose), 1))


def _act(given: Any, whose: str) -> Act:
    """Read one act: its kind with its words, and its trigger with a time."""
    if given == "leave":
        return Act("leave", Wait())
    if not isinstance(given, dict):
        raise ValueError(f"{whose}: wants a map such as {{say: Hello, at: 1000}}, got {quoted(given)}")
    kinds = [key for key in given if key in ACTS]
    if len(kinds) != 1:
        raise ValueError(f"{whose}: wants exactly one of {', '.join(ACTS)}, got {', '.join(map(str, given))}")
    (kind,) = kinds
    rest = {key: value for key, value in given.items() if key not in (kind, "how")}
    text = "" if kind == "leave" else _text(given[kind] if given[kind] is not None else kind, f"{whose}, {kind}")
    return Act(kind, _trigger(rest, whose, kind), text, _text(given["how"], f"{whose}, how") if "how" in given else "")


def _trigger(given: dict[str, Any], whose: str, kind: str) -> Trigger:
    """Read a trigger; without one, talk waits for the answer, an interruption a second into it, anything else for nothing."""
    if not given:
        return {"say": Answered(), "interrupt": Begun(1000 * MS), "mhm": Begun(1000 * MS)}.get(kind, Wait())
    names = [key for key in given if key in TRIGGERS and not (key == "wait" and "phrase" in given)]
    allowed = {"answered": {"patience", "otherwise"}, "phrase": {"wait"}}.get(names[0] if names else "", set())
    if len(names) != 1 or (strange := given.keys() - {names[0]} - allowed):
        got = ", ".join(map(str, given)) if len(names) != 1 else ", ".join(sorted(map(str, strange)))
        raise ValueError(f"{whose}: wants one trigger out of {', '.join(TRIGGERS)} (answered takes patience and otherwise, phrase wait), got {got}")
    (name,) = names
    if name == "phrase":
        return Phrase(_text(given["phrase"], f"{whose}, phrase"), **_some(given, whose, "wait"))
    time = _ms(given[name], f"{whose}, {name}")
    if name == "answered":
        answered = replace(Answered(time), **_some(given, whose, "patience"))
        return replace(answered, otherwise=_text(given["otherwise"], f"{whose}, otherwise")) if "otherwise" in given else answered
    return {"at": At, "wait": Wait, "begun": Begun, "gap": Gap}[name](time)


def _room(given: Any, whose: str) -> Room:
    whose = f"{whose}, room"
    of = _map(given, whose, "room")
    if "noise" in of and "noise_db" in of:
        raise ValueError(f"{whose}: wants noise or noise_db (below speech), not both")
    noise = noise_at(_number(of["noise_db"], f"{whose}, noise_db")) if "noise_db" in of else _whole(of.get("noise", 0), f"{whose}, noise")
    echo = _echo(of["echo"], f"{whose}, echo") if of.get("echo") is not None else None
    rumble, music = (_whole(of.get(name, 0), f"{whose}, {name}") for name in ("rumble", "music"))
    return Room(noise, music, echo, _acts(of.get("talker", []), f"{whose}, talker"), rumble)


def _echo(given: Any, whose: str) -> Echo:
    of = _map(given, whose, "echo")
    echo = Echo(**_some(of, whose, "delay"))
    return replace(echo, permille=_whole(of["permille"], f"{whose}, permille")) if "permille" in of else echo


def _shots(given: Any, whose: str) -> tuple[Shot, ...]:
    found = []
    for n, entry in enumerate(_list(given, f"{whose}, camera"), 1):
        of = _map(entry, f"{whose}, shot {n}", "shot")
        if set(of) != KNOWN["shot"]:
            raise ValueError(f"{whose}, shot {n}: wants 'at' and 'scene', got {', '.join(map(str, of))}")
        found.append(Shot(_ms(of["at"], f"{whose}, shot {n}"), _text(of["scene"], f"{whose}, shot {n}, scene")))
    return tuple(found)


def _faults(given: Any, whose: str) -> tuple[tuple[str, str], ...]:
    if not isinstance(given, dict) or not all(isinstance(text, str) for pair in given.items() for text in pair):
        raise ValueError(f"{whose}, faults: wants a map such as {{env-audio: loss(permille=20)}}, got {quoted(given)}")
    for edge, text in given.items():
        try:
            fault_of(text)
        except ValueError as error:
            raise ValueError(f"{whose}, faults, {edge}: {error}") from None
    return tuple(given.items())


def _map(given: Any, whose: str, kind: str) -> dict[str, Any]:
    if not isinstance(given, dict) or (strange := [key for key in given if key not in KNOWN[kind]]):
        got = f"got {', '.join(map(str, strange))}" if isinstance(given, dict) else f"got {quoted(given)}"
        raise ValueError(f"{whose}: wants a map of {', '.join(sorted(KNOWN[kind]))}; {got}")
    return given


def _list(given: Any, whose: str) -> list[Any]:
    if not isinstance(given, list):
        raise ValueError(f"{whose}: wants a list, got {quoted(given)}; begin each entry with '-'")
    return given


def _some(of: dict[str, Any], whose: str, *names: str) -> dict[str, int]:
    return {name: _ms(of[name], f"{whose}, {name}") for name in names if name in of}


def _ms(value: Any, whose: str) -> int:
    """Read milliseconds as nanoseconds."""
    if (ms := _number(value, whose)) < 0:
        raise ValueError(f"{whose}: wants milliseconds, 0 or more, got {value!r}")
    return round(ms * MS)


def _number(value: Any, whose: str) -> float:
    if type(value) not in (int, float) or not abs(value) < 1e12:
        raise ValueError(f"{whose}: wants a number, got {quoted(value)}")
    return value


def _whole(value: Any, whose: str) -> int:
    if type(value) is not int or abs(value) > 1 << 31:
        raise ValueError(f"{whose}: wants a whole number, got {quoted(value)}")
    return value


def _text(value: Any, whose: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{whose}: wants a text, got {quoted(value)}")
    return value
