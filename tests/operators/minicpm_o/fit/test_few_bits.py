"""A weight is rounded as onnxruntime's own quantiser rounds it, and multiplied as what it is rounded to."""

from __future__ import annotations

import numpy as np
import pytest

from tests.operators.minicpm_o.recipe import needs_torch

pytestmark = pytest.mark.model


@pytest.fixture(autouse=True, scope="module")
def torch():
    needs_torch()
    pytest.importorskip("onnx", reason="the package onnx is not installed: pip install '.[model]'")
    import torch

    return torch


def drawn(torch, outputs=24, columns=256):
    weight = torch.randn(outputs, columns, generator=torch.Generator().manual_seed(1)).bfloat16()
    weight[3, :128] = 0
    weight[4, 5] = 9  # far from all others
    return weight


def by_the_library(weight, bits):
    from onnx import TensorProto, helper, numpy_helper
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    info = helper.make_tensor_value_info
    node, held = helper.make_node("MatMul", ["x", "w"], ["y"], name="m"), numpy_helper.from_array(weight.float().T.contiguous().numpy(), "w")
    rows = info("x", TensorProto.FLOAT, ["n", weight.shape[1]]), info("y", TensorProto.FLOAT, ["n", weight.shape[0]])
    model = helper.make_model(
        helper.make_graph([node], "g", [rows[0]], [rows[1]], [held]), opset_imports=[helper.make_opsetid("", 21)], ir_version=10
    )
    quantiser = MatMulNBitsQuantizer(model, block_size=128, is_symmetric=True, accuracy_level=4, bits=bits)
    quantiser.process()
    found = [numpy_helper.to_array(each) for each in quantiser.model.model.graph.initializer]
    return found[0], found[1].reshape(len(found[0]), -1)


@pytest.mark.parametrize("bits", [4, 8])
def test_codes_and_scales_are_those_of_the_library_s_own_quantiser(torch, bits):
    from operators.minicpm_o.fit.few_bits import rounded

    codes, scales = rounded(drawn(torch), bits)
    wanted = by_the_library(drawn(torch), bits)
    assert (codes.tolist(), scales.tolist()) == (wanted[0].tolist(), wanted[1].tolist())


@pytest.mark.parametrize(("bits", "step"), [(4, 1 / 8), (8, 1 / 128)])
def test_no_weight_moves_by_more_than_half_a_step_and_the_farthest_by_less_than_one(torch, bits, step):
    from operators.minicpm_o.fit.few_bits import restored, rounded

    weight = drawn(torch)
    moved = np.abs(restored(*rounded(weight, bits), bits, 256) - weight.float().numpy()).reshape(24, 2, 128)
    farthest = np.abs(weight.float().numpy()).reshape(24, 2, 128).max(-1)
    assert bool((moved.max(-1) <= step * farthest + 1e-6).all())
    assert bool((np.median(moved, -1) <= step * farthest / 2 + 1e-6).all())
    assert bool((moved[3, 0] == 0).all())


@pytest.mark.parametrize(("bits", "columns"), [(4, 256), (8, 256), (4, 200), (4, 16)])
def test_a_layer_multiplies_with_what_its_weight_was_rounded_to(torch, bits, columns):
    from operators.minicpm_o.fit.few_bits import few_bits, restored, rounded

    weight, rows = drawn(torch)[:, :columns], torch.randn(2, 3, columns, generator=torch.Generator().manual_seed(2)).bfloat16()
    layer = few_bits(weight, bits)
    found, wanted = layer(rows), rows.float().numpy() @ restored(*rounded(weight, bits), bits, columns).T
    assert (found.shape, found.dtype) == ((2, 3, 24), torch.bfloat16)
    assert np.abs(found.float().numpy() - wanted).mean() < 0.02 * np.abs(wanted).mean()  # rows are rounded to 8 bit, and what comes out to bf16
    assert layer(rows[:, :0]).shape == (2, 0, 24)


def test_a_layer_holds_its_bits_and_a_scale_for_each_128_of_them(torch):
    from operators.minicpm_o.fit.few_bits import few_bits

    assert few_bits(drawn(torch)).bytes == 24 * 256 // 2 + 24 * 2 * 4
    assert few_bits(drawn(torch), 8).bytes == 24 * 256 + 24 * 2 * 4


def test_other_numbers_of_bits_are_refused(torch):
    from operators.minicpm_o.fit.few_bits import few_bits

    with pytest.raises(ValueError, match="fit: wants 4 or 8 bits, got 3"):
        few_bits(drawn(torch), 3)
