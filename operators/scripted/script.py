"""What a scripted model says and when, from a YAML file, checked at the door.

- when: {speech_ends: 1}      # the user's first utterance that is no back-channel has ended
  say: I can hear you.
- when: {scene: 2}            # the second scene begins; the first one is there from the start
  say: That is new.
- when: {at: 20.0}            # seconds
  say: It is getting late.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from reprlib import repr as quoted  # what is quoted may hold itself, or be a million times as long as it is written
from typing import Any

from omniflow_graph import seconds
from omniflow_graph.files import whole

DEFAULT = Path(__file__).parent / "default.yaml"
LONGEST = 1 << 20  # bytes
TRIGGERS = ("speech_ends", "scene", "at")


@dataclass(frozen=True)
class Rule:
    """Say `text` once, when the trigger comes: the n-th end of speech, the n-th scene, or a time in ns."""

    trigger: str
    n: int
    text: str


Script = tuple[Rule, ...]


def load_script(path: str | Path | Script | None = None) -> Script:
    """Read a script; None stands for the default one, and rules for themselves. Raises ValueError naming file, rule, wanted and got."""
    import yaml

    if path is None:
        return _default()
    if isinstance(path, tuple):
        return path
    path = Path(path)
    try:
        given = yaml.safe_load(whole(path, LONGEST).decode())
    except yaml.YAMLError as error:
        raise ValueError(f"script {path}: is not YAML: {error}") from None
    except RecursionError:
        raise ValueError(f"script {path}: holds lists in lists, deeper than any script; begin each rule with '- when:'") from None
    except UnicodeDecodeError:
        raise ValueError(f"script {path}: is not a text file in UTF-8") from None
    return rules(given, f"script {path}")


@lru_cache(maxsize=1)  # it comes with the package and stays; who tests timing builds a graph for each case
def _default() -> Script:
    return load_script(DEFAULT)


def rules(given: Any, whose: str) -> Script:
    """Check rules as YAML gives them. Raises ValueError that begins with whose they are."""
    if not isinstance(given, list):
        raise ValueError(f"{whose}: wants a list of rules, got {type(given).__name__}; begin each with '- when:'")
    return tuple(_rule(entry, f"{whose}, rule {n}") for n, entry in enumerate(given, 1))


def _rule(entry: Any, whose: str) -> Rule:
    if not isinstance(entry, dict) or set(entry) != {"when", "say"}:
        got = ", ".join(map(str, entry)) if isinstance(entry, dict) else quoted(entry)
        raise ValueError(f"{whose}: wants exactly 'when' and 'say', got {got}")
    when, text = entry["when"], entry["say"]
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"{whose}: 'say' wants a text, got {quoted(text)}")
    if not isinstance(when, dict) or len(when) != 1 or next(iter(when)) not in TRIGGERS:
        raise ValueError(f"{whose}: 'when' wants one of {', '.join(TRIGGERS)}, got {quoted(when)}")
    trigger, value = next(iter(when.items()))
    if trigger == "at":
        if type(value) not in (int, float) or not 0 <= value < 1e9:
            raise ValueError(f"{whose}: 'at' wants seconds, 0 or more, got {value!r}")
        return Rule(trigger, seconds(value), text.strip())
    first = 2 if trigger == "scene" else 1  # the first scene does not begin: a rule for it would never speak
    if type(value) is not int or value < first:
        raise ValueError(f"{whose}: {trigger!r} wants a count from {first}, got {value!r}")
    return Rule(trigger, value, text.strip())
