"""Compare slicing, the tokenizer, sight and hearing with what the reference computed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from operators.minicpm_o.door import torch
from operators.minicpm_o.goldens.inputs import HZ, Goldens, arrays, described, drawn, samples
from operators.minicpm_o.goldens.tally import Tally
from operators.minicpm_o.hearing import Heard, clip_states, hear, hear_on, second_states
from operators.minicpm_o.loading import Weights
from operators.minicpm_o.mel import clip_mels, heard
from operators.minicpm_o.seeing import PATCH, encode, looks, patch_embeddings, patch_states, pixels
from operators.minicpm_o.tokenizer import Text
from operators.omni_flow.turn_based.messages import Image
from operators.omni_flow.turn_based.placeholders import Rendering
from operators.omni_flow.turn_based.rendering import tokenised
from operators.omni_flow.turn_based.slicing import slices


def slicing(goldens: Goldens, folder: Path, text: Text) -> Tally:
    """Compare how pictures are cut, and the room that is made for them."""
    tally = Tally()
    for row in described(folder / "slicing.json")["rows"]:
        tally.cases += 1
        (width, height), most = row["size"], row["max_slice_nums"]
        name, cut = f"{width}x{height} in {most}", slices(width, height, most)
        tally.same(f"{name}, grid", list(cut.grid) if cut.cells else None, row["grid"])
        tally.same(f"{name}, patches", [list(each) for each in cut.patches], row["tgt_sizes"])
        found = looks(drawn(width, height), most)
        tally.same(f"{name}, pixels", [hashlib.sha256(look.tobytes()).hexdigest() for look in found], row["slice_rgb_sha"])
        tokens = tokenised((Image(width, height),), text, Rendering(most=most)).tokens
        tally.same(f"{name}, ids", list(tokens), [token for token, count in row["placeholder_rle_ids"] for _ in range(count)])
    for path in sorted(folder.glob("pixel_layout_*.npz")):
        tally.cases += 1
        held, size = arrays(path), re.search(r"_(\d+)x(\d+)", path.name)
        look = looks(drawn(int(size[1]), int(size[2])))[0] if size else held["resized_rgb"]
        tally.same(f"{path.name}, picture", look.tolist() == held["resized_rgb"].tolist(), True)
        tally.same(f"{path.name}, layout", np.array_equal(pixels(look)[:, :, : held["pixel_values"].shape[2]], held["pixel_values"]), True)
    return tally


def tokens(goldens: Goldens, folder: Path, text: Text) -> Tally:
    """Compare ids and texts."""
    tally, recorded = Tally(), described(folder / "tokenizer.json")
    tally.same("marks", {name: text.marks.get(name) for name in recorded["special"]}, recorded["special"])
    tally.same("bad ids", len(text.bad), recorded["n_bad"])
    for row in recorded["rows"]:
        tally.cases += 1
        tally.same(f"ids of {row['text'][:30]!r}", list(text.read(row["text"])), row["ids"])
        tally.same(f"text of {row['text'][:30]!r}", text.write(row["ids"]), row["decoded"])
        tally.same(f"text without marks of {row['text'][:30]!r}", text.decode(row["ids"]), row["decoded_skip"])
    return tally


def vision(goldens: Goldens, folder: Path, weights: Weights) -> Tally:
    """Compare embeddings of patches, states, and what is resampled of them."""
    tally = Tally()
    for name, case in described(folder / "index.json")["cases"].items():
        tally.cases += 1
        held = arrays(folder / f"{name}.npz")
        cut = _shown(goldens, held, case)
        if not tally.same(f"{name}, looks found", [[look.shape[0] // PATCH, look.shape[1] // PATCH] for look in cut], held["tgt_sizes"].tolist()):
            continue
        for n, (look, checksum) in enumerate(zip(cut, case["pixel_checksums"])):
            tally.like(f"{name}, pixels {n}", pixels(look), checksum)
        with torch().inference_mode():
            states = np.concatenate([patch_states(weights, [look])[0].float().numpy() for look in cut])
            if "emb_out" in held:
                shown = [torch().from_numpy(pixels(look))[None].to(weights.dtype()) for look in cut]
                tally.near(f"{name}, patches", np.concatenate([_placed(weights, each, look) for each, look in zip(shown, cut)]), held["emb_out"])
        tally.near(f"{name}, states", states[:: -(-len(states) // len(held["vpm_out"]))], held["vpm_out"])
        tally.like(f"{name}, all states", states, case["vpm"])
        tally.near(f"{name}, resampled", np.stack(encode(weights, cut)), held["resampler_out"])
    return tally


def _placed(weights: Weights, shown: Any, look: np.ndarray) -> np.ndarray:
    """Embed patches with their positions."""
    from operators.minicpm_o.seeing import position_ids

    ids = position_ids(look.shape[0] // PATCH, look.shape[1] // PATCH, weights.config.sight.side)
    places = weights.sight.embeddings.position_embedding(torch().from_numpy(ids))
    return (patch_embeddings(weights, shown)[0] + places).float().numpy()


def _shown(goldens: Goldens, held: dict[str, np.ndarray], case: dict[str, Any]) -> list[np.ndarray]:
    """Return the looks of a case: as they were kept, or else of the pictures whose pixels have the recorded checksums."""
    sizes = held["tgt_sizes"].tolist()
    if all(f"pixel_u8_{n}" in held for n in range(len(sizes))):
        return [_unlaid(held[f"pixel_u8_{n}"], *size) for n, size in enumerate(sizes)]
    found: list[np.ndarray] = []
    while len(found) < len(sizes):
        here = case["pixel_checksums"][len(found)]
        fits = [cut for picture in goldens.pool if _is(pixels((cut := looks(picture, case["max_slice_nums"]))[0]), here)]
        if not fits:
            return found
        found += fits[0]
    return found[: len(sizes)]


def _is(shown: np.ndarray, checksum: dict[str, Any]) -> bool:
    return list(shown.shape) == checksum["shape"] and abs(float(shown.sum(dtype=np.float64)) - checksum["sum"]) < 1


def _unlaid(laid: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Put patches that lie beside one another back into a picture."""
    return laid.reshape(3, PATCH, rows, columns, PATCH).transpose(2, 1, 3, 4, 0).reshape(rows * PATCH, columns * PATCH, 3)


def audio(goldens: Goldens, folder: Path, weights: Weights) -> Tally:
    """Compare mel frames, states and embeddings, of clips and of streams."""
    tally, cases = Tally(), described(folder / "index.json")["cases"]
    held = {name: array for path in sorted(folder.glob("offline*.npz")) for name, array in arrays(path).items()}
    for name, case in cases.items():
        if isinstance(case, str):
            continue  # a remark
        tally.cases += 1
        if isinstance(case, list):
            kept = {key: array for path in sorted(folder.glob(f"{name}*.npz")) for key, array in arrays(path).items()}
            _stream(tally, name, case, kept, goldens, weights)
        elif "audios" in case:
            _batch(tally, name, case, held, goldens, weights)
        else:
            _clip(tally, name, case, held, goldens, weights)
    return tally


def _clip(tally: Tally, name: str, case: dict[str, Any], held: dict[str, np.ndarray], goldens: Goldens, weights: Weights) -> None:
    count, reference = case["n_samples"], goldens.sound("ref")
    clip = samples(reference[:count] if name.startswith("ref") else goldens.user(0, count))
    mels = list(clip_mels(clip))
    tally.same(f"{name}, frames", [[len(mel) for mel in mels]], case["feat_lens"])
    for key, got in (
        ("mel", lambda: np.concatenate(mels).T),
        ("mel_fixed_floor", lambda: np.concatenate(list(clip_mels(clip, "fixed"))).T),
        ("tokens_chunk1s", lambda: hear(weights, [clip])[0]),
        ("tokens_full", lambda: hear(weights, [clip], chunked=False)[0]),
        ("states_chunk1s", lambda: _states(weights, mels)),
    ):
        if f"{name}__{key}" in held:
            tally.near(f"{name}, {key}", got(), held[f"{name}__{key}"])
    tally.same(f"{name}, embeddings", len(hear(weights, [clip])[0]), case["n_tokens"])


def _states(weights: Weights, mels: Iterable[np.ndarray]) -> np.ndarray:
    with torch().inference_mode():
        return np.concatenate([clip_states(weights, [mel], True)[0].float().numpy() for mel in mels])


def _batch(tally: Tally, name: str, case: dict[str, Any], held: dict[str, np.ndarray], goldens: Goldens, weights: Weights) -> None:
    """Compare clips that were encoded together, each of them written as user[start:end], in seconds."""
    clips = []
    for source, start, end in re.findall(r"(\w+)\[([\d.]*)s?:([\d.]*)s?\]", case["audios"]):
        whole = goldens.sound("ref") if source == "ref" else goldens.user(0, 60 * HZ)
        clips.append(samples(whole[round(float(start or 0) * HZ) : round(float(end) * HZ) if end else None]))
    for n, tokens in enumerate(hear(weights, clips, together=True)):
        tally.near(f"{name}, clip {n}", tokens, held[f"{name}__tokens{n}"])
    if f"{name}__second_alone" in held:
        tally.near(f"{name}, second alone", hear(weights, clips[1:2])[0], held[f"{name}__second_alone"])


def _stream(tally: Tally, name: str, case: list[dict[str, Any]], held: dict[str, np.ndarray], goldens: Goldens, weights: Weights) -> None:
    state = Heard()
    for k, second in enumerate(case):
        before = state
        state, tokens = hear_on(weights, state, samples(goldens.user(k * HZ, HZ)))
        tally.same(f"{name} {k}, rows", (before.rows, state.rows), (second["kv_before"], second["kv_after"]))
        tally.same(f"{name} {k}, mode", state.mel.mode, "dynamic" if second["mode"]["dynamic"] else "fixed")
        mel, states = _second(weights, before, state)
        for key, got in (("mel", mel.T), ("tokens", tokens), ("states", states)):
            if key in second:
                tally.like(f"{name} {k}, {key}", got, second[key])
            if f"{key}_{k}" in held:
                tally.near(f"{name} {k}, {key}", got, held[f"{key}_{k}"])
        info = second["info"]
        tally.same(f"{name} {k}, samples", (len(state.mel.samples), state.mel.base), (info["buffer_len_samples"], info["base_T"]))


def _second(weights: Weights, before: Heard, after: Heard) -> tuple[np.ndarray, np.ndarray]:
    """Compute once more what a second's mel frames and states were."""
    taken = len(after.mel.samples) + 160 * after.mel.base - len(before.mel.samples) - 160 * before.mel.base
    _, frames = heard(before.mel, after.mel.samples[-taken:])
    assert frames is not None
    with torch().inference_mode():
        _, states = second_states(weights, before.cache, frames, first=not before.mel.given)
    return frames, states[0].float().numpy()
