"""Look at a published model's checkpoint: does it compute what the published runtime computed, and does it fit into 12 GB?"""

from __future__ import annotations

import argparse
import json
import sys

from operators.minicpm_o.fit import fitting
from operators.minicpm_o.goldens.report import compared, table


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser("check", help="compare with what the reference computed; exit 1 where anything is off")
    check.add_argument("checkpoint", metavar="CHECKPOINT", help="a folder with config.json and safetensors files of MiniCPM-o 4.5")
    check.add_argument(
        "--goldens", metavar="DIR", required=True, help="a folder with inputs/ and what the reference computed of them with this checkpoint"
    )
    check.add_argument(
        "--tokenizer", metavar="DIR", help="a folder with the tokenizer's files; default: the checkpoint, or what lies beside the goldens"
    )
    check.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    fit = actions.add_parser("fit", help="load it in 4 bit, run one window, and print the memory of each part; exit 1 where it takes 12 GB or more")
    fit.add_argument(
        "checkpoint",
        metavar="CHECKPOINT|full-size",
        help="a folder of MiniCPM-o 4.5, or the published architecture with drawn weights (some minutes)",
    )
    fit.add_argument("--device", default="cpu", help="where it is run (default: cpu; another needs torchao)")
    fit.add_argument("--speed", action="store_true", help="measure a prefill and tokens a second, too, beside what memory allows")
    fit.add_argument("--seed", type=int, default=0, help="of what is drawn (default: 0)")
    fit.add_argument("--json", action="store_true", help="print one JSON object on the last line")


def run(args: argparse.Namespace) -> int:
    """Do what was asked for, print what was found, and say whether all is well."""
    return _fit(args) if args.action == "fit" else _check(args)


def _fit(args: argparse.Namespace) -> int:
    def told(part: str) -> None:
        print(f"... {part}", file=sys.stderr, flush=True)

    found = fitting.fit(args.checkpoint, device=args.device, fast=args.speed, seed=args.seed, told=told)
    print(fitting.table(found))
    if args.json:
        print(json.dumps(found.described()))
    return 0 if found.fits else 1


def _check(args: argparse.Namespace) -> int:
    found = {}
    for name, tally in compared(args.checkpoint, args.goldens, args.tokenizer):
        found[name] = tally
    print(table(found))
    if args.json:
        # what is infinitely far is null: JSON has no infinity
        shown = {
            name: {
                "cases": tally.cases,
                "max_abs_diff": tally.max_abs_diff if tally.max_abs_diff < float("inf") else None,
                "exact_mismatches": tally.exact_mismatches,
            }
            for name, tally in found.items()
        }
        print(json.dumps({"components": shown}))
    return 0 if found and all(tally.passes for tally in found.values()) else 1
