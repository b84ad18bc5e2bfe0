"""Look at a published model's checkpoint: does it compute what the published runtime computed?"""

from __future__ import annotations

import argparse
import json

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


def run(args: argparse.Namespace) -> int:
    """Compare, print what was found, and say whether all is well."""
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
