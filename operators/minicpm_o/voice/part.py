"""Weights under one name, and the few layers that are made of them: linear, convolution, norm.

A voice is some two hundred small tensors in two files; held by name they need no modules of their own, and shapes say all sizes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from operators.minicpm_o.door import Tensor, functional, torch


@dataclass(frozen=True)
class Part:
    """Hold weights, of which those are meant whose names begin so."""

    held: Mapping[str, Tensor] = field(repr=False, compare=False)
    name: str = ""

    def __getitem__(self, name: str) -> Tensor:
        """Return one weight."""
        return self.held[self.name + name]

    def __contains__(self, name: str) -> bool:
        """Tell whether there is such a weight."""
        return self.name + name in self.held

    def part(self, name: str) -> Part:
        """Return what is below a name."""
        return Part(self.held, f"{self.name}{name}.")

    def parts(self, name: str) -> list[Part]:
        """Return what is below a name and a number, from 0 on, as far as there is any."""
        start = f"{self.name}{name}."
        count = len({key[len(start) :].partition(".")[0] for key in self.held if key.startswith(start)})
        return [self.part(f"{name}.{n}") for n in range(count)]

    def bias(self, name: str) -> Tensor | None:
        """Return a layer's bias, if it has one."""
        return self.held.get(f"{self.name}{name}.bias")

    def linear(self, name: str, rows: Tensor) -> Tensor:
        """Apply a linear layer to rows [..., in]."""
        return functional().linear(rows, self[f"{name}.weight"], self.bias(name))

    def norm(self, name: str, rows: Tensor, eps: float = 1e-5) -> Tensor:
        """Apply a layer norm to rows [..., width]."""
        return functional().layer_norm(rows, rows.shape[-1:], self[f"{name}.weight"], self.bias(name), eps)

    def conv(self, name: str, waves: Tensor, *, stride: int = 1, padding: int = 0, dilation: int = 1) -> Tensor:
        """Apply a convolution to waves [batch, in, frames]."""
        return functional().conv1d(waves, self[f"{name}.weight"], self.bias(name), stride=stride, padding=padding, dilation=dilation)


def folded(held: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Fold weights that are kept as a length and a direction into one: w = g v / |v|, over all but the first dimension.

    Both of torch's spellings are read.

    >>> import torch
    >>> folded({"a.weight_g": torch.tensor([[2.0]]), "a.weight_v": torch.tensor([[3.0, 4.0]])})["a.weight"].tolist()
    [[1.2000000476837158, 1.600000023841858]]
    """
    found = dict(held)
    for length, direction in ((".parametrizations.weight.original0", ".parametrizations.weight.original1"), (".weight_g", ".weight_v")):
        for key in [key for key in found if key.endswith(length)]:
            name = key[: -len(length)]
            g, v = found.pop(key), found.pop(name + direction)
            norm = torch().linalg.vector_norm(v, dim=tuple(range(1, v.dim())), keepdim=True)
            found[f"{name}.weight"] = v * (g / norm)
    return found
