"""The one door to torch, transformers and safetensors, which are heavy and not always installed: `pip install 'omniflow-graph[model]'`."""

from __future__ import annotations

from importlib import import_module
from typing import Any

Tensor = Any  # of torch
Module = Any  # of torch.nn

HOW = "pip install 'omniflow-graph[model]'"


def torch() -> Any:
    """Import torch. Raises ValueError where it is missing."""
    return _imported("torch")


def functional() -> Any:
    """Import torch.nn.functional. Raises ValueError where torch is missing."""
    return _imported("torch").nn.functional


def blocks(name: str) -> Any:
    """Import a module of transformers by its name there, such as "models.qwen3.modeling_qwen3". Raises ValueError where it is missing."""
    return _imported(f"transformers.{name}")


def safetensors() -> Any:
    """Import safetensors. Raises ValueError where it is missing."""
    return _imported("safetensors")


def _imported(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise ValueError(f"model: wants the package {package}, which cannot be imported ({error}); {HOW}") from None
