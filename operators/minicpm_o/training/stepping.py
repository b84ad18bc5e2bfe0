"""Follow the gradients of a loss: a copy of the weights in float32 learns an example, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace

from operators.minicpm_o.door import Tensor, torch
from operators.minicpm_o.loading import Weights
from operators.minicpm_o.training.example import Example
from operators.minicpm_o.training.loss import Loss, loss_of

PARTS = ("language", "sight", "resampler", "hearing", "projector", "speech")


def trainable(weights: Weights) -> Weights:
    """Return a copy in float32 whose parameters want gradients. Raises ValueError for weights in few bits."""
    if weights.precision == "int4":
        raise ValueError("training: wants weights in bf16 or fp32, got int4; load them with precision='fp32'")
    held = {part: deepcopy(module).float().requires_grad_(True) for part in PARTS if (module := getattr(weights, part)) is not None}
    return replace(weights, precision="fp32", code_head=None, **held)


def parameters(weights: Weights) -> Iterator[tuple[str, Tensor]]:
    """Return all parameters by part and name."""
    for part in PARTS:
        if (module := getattr(weights, part)) is not None:
            yield from ((f"{part}.{name}", each) for name, each in module.named_parameters())


def learn(
    weights: Weights, example: Example, steps: int, *, rate: float = 1e-3, told: Callable[[int, Loss], object] = lambda step, loss: None
) -> Weights:
    """Let weights that are trainable learn an example with Adam. Returns weights to run, which are the same tensors. `told` hears of each loss."""
    optimizer = torch().optim.Adam([each for _, each in parameters(weights)], lr=rate)
    for step in range(steps):
        optimizer.zero_grad()
        loss = loss_of(weights, example)
        loss.whole.backward()
        optimizer.step()
        told(step, loss)
    return runnable(weights)


def runnable(weights: Weights) -> Weights:
    """Return weights that can speak: the head of the codes is folded into one."""
    with torch().no_grad():
        return replace(weights, code_head=weights.speech.head_code[0].weight.clone()) if weights.speech is not None else weights
