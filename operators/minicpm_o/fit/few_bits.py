"""Linear layers of few bits on a CPU, computed by onnxruntime's MatMulNBits: each 128 weights of a row share a scale.

Weights are rounded as onnxruntime's own quantiser rounds them, bit by bit. Inputs are rounded to 8 bit while
they are multiplied (accuracy level 4), which is what makes it fast. Source: onnxruntime, com.microsoft.MatMulNBits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from operators.minicpm_o.door import HOW, Tensor, torch

GROUP = 128
ROWS = 128  # that are rounded at once: they fit into a processor's cache
FAST = 4  # accuracy level: inputs in 8 bit


@dataclass(frozen=True)
class FewBits:
    """Hold a linear layer without bias; called with rows [..., columns], give rows [..., outputs] of the same type."""

    outputs: int
    columns: int
    bits: int
    bytes: int  # of weights and scales
    session: Any = field(repr=False, compare=False)

    def __call__(self, rows: Tensor) -> Tensor:
        """Apply it."""
        given = rows.reshape(-1, self.columns).float().numpy()
        if not len(given):
            return rows.new_zeros((*rows.shape[:-1], self.outputs))
        (found,) = self.session.run(None, {"rows": given})
        return torch().from_numpy(found).to(rows.dtype).view(*rows.shape[:-1], self.outputs)


def few_bits(weight: Tensor, bits: int = 4) -> FewBits:
    """Round a weight [outputs, columns] and make a layer of it. The weight is not held. Raises ValueError for other bits than 4 and 8."""
    if bits not in (4, 8):
        raise ValueError(f"fit: wants 4 or 8 bits, got {bits}")
    outputs, columns = weight.shape
    codes, scales = rounded(weight, bits)
    return FewBits(outputs, columns, bits, codes.nbytes + scales.nbytes, _session(codes, scales, columns, bits))


def rounded(weight: Tensor, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Round a weight [outputs, columns] to codes, uint8 [outputs, groups, 128 * bits / 8], and scales, float32 [outputs, groups].

    A code c stands for (c - 2 ** (bits - 1)) times the scale, and the one of a group that is farthest from 0 for the least code.
    """
    found = [_rounded(rows, bits) for rows in weight.split(ROWS)]
    return np.concatenate([codes for codes, _ in found]), np.concatenate([scales for _, scales in found])


def _rounded(weight: Tensor, bits: int) -> tuple[np.ndarray, np.ndarray]:
    t, half = torch(), 1 << (bits - 1)
    short = -weight.shape[1] % GROUP
    groups = t.nn.functional.pad(weight.float(), (0, short)).unflatten(1, (-1, GROUP))
    least, most = groups.amin(-1), groups.amax(-1)
    scales = t.where(most.abs() > least.abs(), most, least) / -half
    turned = t.where(scales != 0, 1 / scales, 0.0)
    codes = (groups * turned[..., None]).add_(half + 0.5).clamp_(0, 2 * half - 1).to(t.uint8)  # half a step is rounded up
    if bits == 4:
        codes = codes[..., 0::2] | (codes[..., 1::2] << 4)
    return codes.numpy(), scales.numpy()


def restored(codes: np.ndarray, scales: np.ndarray, bits: int, columns: int) -> np.ndarray:
    """Return the weight that codes and scales stand for, float32 [outputs, columns]."""
    if bits == 4:
        codes = np.stack([codes & 15, codes >> 4], -1).reshape(*codes.shape[:2], -1)
    return ((codes.astype(np.float32) - (1 << (bits - 1))) * scales[..., None]).reshape(len(codes), -1)[:, :columns]


def _session(codes: np.ndarray, scales: np.ndarray, columns: int, bits: int) -> Any:
    """Open a session of one operator. It reads weights from a file, which it lets go: of weights in memory it keeps three copies."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch().get_num_threads()
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # what a step needs is given back
    options.log_severity_level = 3
    with TemporaryDirectory(prefix="omniflow-") as folder:
        with open(Path(folder) / "weights.bin", "wb") as file:
            codes.tofile(file)
            scales.tofile(file)
        (Path(folder) / "layer.onnx").write_bytes(_described(codes, scales, columns, bits))
        return onnxruntime.InferenceSession(str(Path(folder) / "layer.onnx"), options, providers=["CPUExecutionProvider"])


def _described(codes: np.ndarray, scales: np.ndarray, columns: int, bits: int) -> bytes:
    """Write down a model of one operator, whose weights lie in weights.bin."""
    try:
        from onnx import TensorProto, helper
    except ImportError as error:
        raise ValueError(f"fit: wants the package onnx, which cannot be imported ({error}); {HOW}") from None
    outputs, real, weights = len(codes), TensorProto.FLOAT, []
    for name, array, kind, offset in (("codes", codes, TensorProto.UINT8, 0), ("scales", scales, real, codes.nbytes)):
        weight = TensorProto(name=name, data_type=kind, dims=array.shape, data_location=TensorProto.EXTERNAL)
        for key, value in (("location", "weights.bin"), ("offset", offset), ("length", array.nbytes)):
            weight.external_data.add(key=key, value=str(value))
        weights.append(weight)
    how: dict[str, Any] = {"K": columns, "N": outputs, "bits": bits, "block_size": GROUP, "accuracy_level": FAST}
    node = helper.make_node("MatMulNBits", ["rows", "codes", "scales"], ["found"], domain="com.microsoft", **how)
    given = [helper.make_tensor_value_info("rows", real, ["n", columns])]
    graph = helper.make_graph([node], "layer", given, [helper.make_tensor_value_info("found", real, ["n", outputs])], weights)
    operators = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=operators, ir_version=10).SerializeToString()
