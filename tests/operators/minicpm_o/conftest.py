"""Checkpoints that several tests share: small ones from a seed, and the one that the reference was run with."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.operators.minicpm_o import recipe, small
from tests.operators.omni_flow.tokens import published


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    recipe.needs_torch()
    from operators.minicpm_o.loading import load

    return load(small.write(tmp_path_factory.mktemp("small") / "checkpoint"))


@pytest.fixture(scope="session")
def talking(tmp_path_factory):
    recipe.needs_torch()
    from operators.minicpm_o.loading import load

    return load(small.write(tmp_path_factory.mktemp("talking") / "checkpoint", small.TALKING))


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory) -> Path:
    """The checkpoint that the reference was run with, and its tokenizer."""
    recipe.needs_torch()
    folder = recipe.build(tmp_path_factory.mktemp("reference"))
    return with_tokenizer(folder)


def with_tokenizer(folder: Path) -> Path:
    """Put the published vocabulary into a folder, its marks as the reference recorded them."""
    there = published.folder()
    for name in ("vocab.json", "merges.txt"):
        shutil.copy(there / name, folder)
    special = json.loads((recipe.DATA / "a_slicing" / "tokenizer.json").read_text())["special"]
    settings = json.loads((there / "tokenizer_config.json").read_text())
    added = {str(token): {"content": name, "special": "think" not in name} for name, token in special.items()}
    more = {"added_tokens_decoder": added, "bad_token_ids": settings["bad_token_ids"]}
    names = {151_685: "<answer>", 151_686: "</answer>", 151_687: "<focus>", 151_692: "</perception>"}
    added |= {str(token): {"content": name, "special": True} for token, name in names.items()}
    (folder / "tokenizer_config.json").write_text(json.dumps(more))
    return folder
