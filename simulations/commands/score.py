"""Score how an assistant takes turns: traces exactly, folders of Full-Duplex-Bench by its rules."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from omniflow_graph import Trace
from omniflow_graph.commands.console import console
from omniflow_graph.trace.stored import load_trace
from simulations.metrics.fdb import Scored, scored
from simulations.metrics.fdb_folder import is_sample, read_sample, samples_in
from simulations.metrics.summary import HEAD, NOT_CLAIMED, TASK_HEAD, brief, by_task, plain, rows, task_rows, told, total
from simulations.metrics.truth import Score, score

DEEPEST = 2  # folders in folders, below the one that is named
WANTED = "a folder with the trace.mcap of `omniflow simulate --out` or `omniflow replay --out`, or folders of Full-Duplex-Bench, named by numbers"


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("dirs", metavar="DIR", nargs="+", help="a folder with a trace.mcap, folders of Full-Duplex-Bench, or a folder of either")
    parser.add_argument("--export", nargs=2, metavar=("fdb", "OUT"), help="write the sessions as folders of Full-Duplex-Bench to OUT")
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")


def run(args: argparse.Namespace) -> int:
    """Score, print, export."""
    if args.export and args.export[0] != "fdb":
        raise ValueError(f"--export: writes fdb, the folders of Full-Duplex-Bench, got {args.export[0]!r}; as in --export fdb OUT")
    traces, samples = _sorted(map(Path, args.dirs))
    if args.export and not traces:
        raise ValueError("--export: writes what is in traces, and none was named")
    scores = [_scored(path) for path in traces]
    folders = [scored(read_sample(path)) for path in samples]
    if args.export:
        from simulations.metrics.fdb_export import export

        export(map(_loaded, traces), Path(args.export[1]))
    if args.json:
        print(json.dumps(_plain(scores, folders)))
    else:
        _show(scores, folders)
    return 0


def _sorted(paths: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """Return the traces and the samples, each once, however often it was named."""
    kinds: dict[Path, tuple[str, Path]] = {}
    for path in paths:
        here = list(found(path))
        if not here:
            raise ValueError(f"{path}: holds nothing to score; name {WANTED}")
        for kind, each in here:
            kinds.setdefault((each / "trace.mcap" if kind == "trace" and each.is_dir() else each).resolve(), (kind, each))
    traces, samples = ([path for kind, path in kinds.values() if kind == wanted] for wanted in ("trace", "sample"))
    return traces, samples


def found(path: Path, depth: int = DEEPEST) -> Iterator[tuple[str, Path]]:
    """Yield what is to be scored in a folder, as ("trace" or "sample", path). Raises ValueError for a sample whose name is no number."""
    if path.is_file() or (path.is_dir() and any(path.glob("trace.mcap*"))):
        yield "trace", path
    elif not path.exists():
        raise ValueError(f"{path}: there is no such file or folder; name {WANTED}")
    elif is_sample(path):
        yield "sample", path
    elif samples := samples_in(path):
        yield from (("sample", each) for each in samples)
    elif depth:
        for each in sorted(each for each in path.iterdir() if each.is_dir()):
            yield from found(each, depth - 1)


def _loaded(path: Path) -> Trace:
    return load_trace(path, tell=lambda words: print(f"omniflow: warning: {words}", file=sys.stderr))


def _scored(path: Path) -> Score:
    try:
        return score(_loaded(path))
    except ValueError as error:
        raise error if str(path) in str(error) else ValueError(f"{path}: {error}") from None


def _plain(scores: list[Score], folders: list[Scored]) -> dict[str, object]:
    truth = {"sessions": [told(each) for each in scores], "all": told(total(scores))} if scores else None
    fdb = {"folders": [plain(each) for each in folders], "tasks": by_task(folders)} if folders else None
    return {"truth": truth, "fdb": fdb, "not_claimed": list(NOT_CLAIMED)}


def _show(scores: list[Score], folders: list[Scored]) -> None:
    """Print a line a session and all of them together, then the folders task by task, then what none of it says."""
    screen = console()
    if scores:
        if len(scores) > 1:
            screen.print(_table(HEAD, [brief(each) for each in scores]))
        title = f"{scores[0].session}: from the trace" if len(scores) == 1 else f"all {len(scores)} sessions, from their traces"
        screen.print(_table(("", "", ""), rows(total(scores)), title))
        if any(each.told_by == "listen" for each in scores):
            screen.print(
                "what the user said is known by what was heard, on the edge 'listen': acknowledgements are told by their length", soft_wrap=True
            )
    if folders:
        title = f"{len(folders)} {'folder' if len(folders) == 1 else 'folders'}, as Full-Duplex-Bench scores them"
        screen.print(_table(TASK_HEAD, task_rows(by_task(folders)), title))
    screen.print("not claimed: " + "; ".join(NOT_CLAIMED), soft_wrap=True)


def _table(head: tuple[str, ...], lines: list, title: str | None = None):
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=None, pad_edge=False, show_header=any(head))
    for n, column in enumerate(head):
        table.add_column(column, justify="right" if n else "left", overflow="fold", no_wrap=not n)
    for line in lines:
        table.add_row(*line)
    return table
