"""Sum up what was scored: over sessions and folders, as numbers for machines and as rows for people, each with its n."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from statistics import mean, median
from typing import Any

from omniflow_graph import Trace
from omniflow_graph.events import SECOND
from omniflow_graph.trace.summary import Figure
from operators.turns import SPOKEN
from simulations.metrics.fdb import Scored
from simulations.metrics.truth import Score, score

MS = 1e6  # ns
NOT_CLAIMED = (
    "how well an answer fits (Full-Duplex-Bench asks a language model)",
    "the behaviours of v1.5, respond, resume, uncertain (a language model judges them)",
    "prosody and perceived quality (other models measure them)",
    "the divergence of backchannels from people's (needs the ICC corpus)",
    "a place in published tables: those are of their corpus, with their recognizer",
)

Row = tuple[str, str, str]  # what, its value, of how many


def total(scores: Sequence[Score]) -> Score:
    """Add up the scores of several sessions: counts and times are added, lists put one behind another."""
    names = [field.name for field in fields(Score)][2:]
    found = {name: _added([getattr(each, name) for each in scores]) for name in names}
    tellers = sorted({each.told_by for each in scores})
    return Score("all", " and ".join(tellers), **found)


def _added(values: list[Any]) -> Any:
    """Add up what is known."""
    known = [value for value in values if value is not None]
    return None if not known else sum(known[1:], known[0])


def told(of: Score) -> dict[str, Any]:
    """Return a score as it is printed as JSON: times in ms, shares between 0 and 1 or None where there is nothing to count."""
    return {
        "session": of.session, "told_by": of.told_by,
        "takeover": share(of.taken, of.turns), "response_latency_ms": spread(of.latencies),
        "stop_latency_ms": spread(of.stops), "talked_on": of.talked_on,
        "pauses_kept": share(of.pauses_kept, of.paused), "backchannels_carried_on": share(of.carried_on, of.acknowledgements),
        "bystanders_ignored": share(of.bystanders_ignored, of.bystanders),
        "overlap_ms": of.overlap / MS, "user_speech_ms": of.user_speech / MS,
        "false_starts": share(of.false_starts, of.answers),
        "proactive_hits": None if of.cues is None else share(len(of.hits), of.cues), "hit_delay_ms": spread(of.hits),
        "false_alarms": of.false_alarms,
    }  # fmt: skip


def share(count: int, n: int) -> dict[str, Any]:
    """Return a count with what it is of.

    >>> share(1, 4), share(0, 0)
    ({'count': 1, 'n': 4, 'share': 0.25}, {'count': 0, 'n': 0, 'share': None})
    """
    return {"count": count, "n": n, "share": count / n if n else None}


def spread(times: Sequence[int]) -> dict[str, Any]:
    """Return mean, median and the longest of times, in ms.

    >>> spread([1_000_000, 4_000_000])
    {'n': 2, 'mean': 2.5, 'median': 2.5, 'most': 4.0}
    """
    known = (mean(times) / MS, median(times) / MS, max(times) / MS) if times else (None, None, None)
    return {"n": len(times), **dict(zip(("mean", "median", "most"), known))}


def rows(of: Score) -> list[Row]:
    """Return a score as it is shown."""
    return [
        ("takeover", _share(of.taken, of.turns), _n(of.turns, "turn")),
        ("response latency", _spread(of.latencies), f"{len(of.latencies)} taken"),
        ("stop latency", _spread(of.stops), f"{len(of.stops)} stopped"),
        ("talked on", f"{of.talked_on}", _n(of.talked_on + len(of.stops), "interruption")),
        ("pauses kept", _share(of.pauses_kept, of.paused), _n(of.paused, "turn", " with pauses")),
        ("backchannels carried on", _share(of.carried_on, of.acknowledgements), _n(of.acknowledgements, "acknowledgement")),
        ("bystanders ignored", _share(of.bystanders_ignored, of.bystanders), f"{of.bystanders} over an answer"),
        ("overlap", f"{of.overlap / SECOND:.2f} s", f"{of.user_speech / SECOND:.2f} s of user speech"),
        ("false starts", _share(of.false_starts, of.answers), _n(of.answers, "answer")),
        ("proactive hits", _share(len(of.hits), of.cues or 0), "no pictures" if of.cues is None else _n(of.cues, "change", " of scene")),
        ("false alarms", f"{of.false_alarms}", _n(of.answers, "answer")),
    ]


def figures(trace: Trace) -> list[Figure]:
    """Return a score as figures of a run's summary; none of a trace that cannot tell who spoke when.

    Where there is nothing to count, nothing is shown. Raises ValueError where the trace did not keep what was said.
    """
    if not trace.edges.keys() >= SPOKEN or not trace.edges.keys() & {"user", "listen"}:
        return []
    of = score(trace)
    values, shown = told(of), dict(zip(KEYS, rows(of)))
    return [Figure(key, values[key], *shown[key]) for key in FIRST]


def brief(of: Score) -> list[str]:
    """Return a session's line in the table of sessions: `HEAD` names the columns."""
    latencies, stops = (f"{median(times) / MS:,.0f}" if times else "" for times in (of.latencies, of.stops))
    return [
        of.session, f"{of.taken} of {of.turns}", latencies, stops, _of(of.pauses_kept, of.paused), _of(of.carried_on, of.acknowledgements),
        f"{of.overlap / MS:,.0f}", f"{of.false_starts}", f"{len(of.hits)}", f"{of.false_alarms}",
    ]  # fmt: skip


KEYS = (  # of what `told` returns, in the order of `rows`
    "takeover", "response_latency_ms", "stop_latency_ms", "talked_on", "pauses_kept", "backchannels_carried_on", "bystanders_ignored",
    "overlap_ms", "false_starts", "proactive_hits", "false_alarms",
)  # fmt: skip
FIRST = (*KEYS[1:3], KEYS[0], *KEYS[3:])  # how soon the assistant answers and falls silent is asked first
HEAD = ("in ms", "taken", "reply", "stop", "pauses", "mhm", "both", "early", "hits", "alarms")


def _of(count: int, n: int) -> str:
    return f"{count} of {n}" if n else ""


def _n(count: int, what: str, more: str = "") -> str:
    return f"{count} {what}{'s' * (count != 1)}{more}"


def _share(count: int, n: int) -> str:
    return f"{count / n:.3f}" if n else ""


def _spread(times: Sequence[int]) -> str:
    return f"{median(times) / MS:,.0f} ms, mean {mean(times) / MS:,.0f}, most {max(times) / MS:,.0f}" if times else ""


# Folders of Full-Duplex-Bench


def by_task(scored: Iterable[Scored]) -> dict[str, dict[str, Any]]:
    """Average over the folders of each task as the benchmark does: TOR over all, latency over those that take the turn.

    Stop and response latencies are averaged over all intervals of all folders, backchannels are those a second.
    """
    groups: dict[str, list[Scored]] = {}
    for each in scored:
        groups.setdefault(each.task, []).append(each)
    return {task: _task(group) for task, group in sorted(groups.items())}


def _task(group: list[Scored]) -> dict[str, Any]:
    taken = [each.taken for each in group if each.taken is not None]
    found: dict[str, Any] = {"n": len(group)}
    if taken:
        found["tor"] = sum(taken) / len(taken)
    if group[0].task in ("smooth_turn_taking", "user_interruption"):
        found["latency_ms"] = spread([each.latency for each in group if each.latency is not None])
    if group[0].stops is not None:
        found["stop_ms"] = spread([time for each in group for time in each.stops or ()])
        found["response_ms"] = spread([time for each in group for time in each.responses or ()])
    if group[0].backchannels is not None:
        found["backchannels_per_s"] = mean((each.backchannels or 0) * SECOND / each.length if each.length else 0 for each in group)
    return found


def task_rows(tasks: dict[str, dict[str, Any]]) -> list[list[str]]:
    """Return those averages as they are shown, below `TASK_HEAD`; of times the mean, and of how many."""
    return [_task_row(task, of) for task, of in tasks.items()]


TASK_HEAD = ("in ms", "n", "TOR", "latency", "stop", "response", "mhm a s")


def _task_row(task: str, of: dict[str, Any]) -> list[str]:
    tor, rate = (f"{of[key]:.3f}" if key in of else "" for key in ("tor", "backchannels_per_s"))
    return [task, f"{of['n']}", tor, *(_mean(of.get(key)) for key in ("latency_ms", "stop_ms", "response_ms")), rate]


def _mean(of: dict[str, Any] | None) -> str:
    return f"{of['mean']:,.0f} ({of['n']})" if of and of["n"] else ""


def plain(of: Scored) -> dict[str, Any]:
    """Return what a folder came to as it is printed as JSON."""
    times = {"stops_ms": of.stops, "responses_ms": of.responses}
    found = {"folder": of.folder, "task": of.task, "tor": None if of.taken is None else int(of.taken)}
    found |= {"latency_ms": None if of.latency is None else of.latency / MS, "backchannels": of.backchannels}
    return found | {name: None if each is None else [time / MS for time in each] for name, each in times.items()}
