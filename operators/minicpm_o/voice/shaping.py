"""Shape a source into a wave after a mel: three stages of upsampling, to a spectrum of 16 samples each 4, and back into a wave.

Both published vocoders do so, one with convolutions that look both ways, one with such that look back. Source: spec 6.7; HiFTNet,
arXiv 2309.09493.
"""

from __future__ import annotations

from collections.abc import Callable

from operators.minicpm_o.door import Tensor, functional, torch
from operators.minicpm_o.voice.part import Part

RATES = (8, 5, 3)  # of the stages; by 4 samples a column that is 480 a frame
WINDOW, STRIDE = 16, 4
DILATIONS = (1, 3, 5)
SLOPE, LOUDEST, STRONGEST = 0.1, 0.99, 100.0

Conv = Callable[..., Tensor]  # a part, a layer's name, waves; dilation


def shaped(
    weights: Part, rows: Tensor, source: Tensor, up: Callable[[Part, int, Tensor], Tensor], down: Callable[[Part, int, Tensor], Tensor], conv: Conv
) -> Tensor:
    """Shape what `conv_pre` made of a mel, [1, channels, frames], with the spectrum of a source, into samples [1, 480 frames]."""
    f, kernels = functional(), len(weights.parts("resblocks")) // len(RATES)
    for n in range(len(RATES)):
        rows = up(weights, n, f.leaky_relu(rows, SLOPE))
        if n == len(RATES) - 1:
            rows = f.pad(rows, (1, 0), mode="reflect")
        rows = rows + _residual(weights.part(f"source_resblocks.{n}"), down(weights, n, source), conv)
        found = [_residual(weights.part(f"resblocks.{n * kernels + k}"), rows, conv) for k in range(kernels)]
        rows = sum(found[1:], found[0]) / kernels
    return _wave(conv(weights, "conv_post", f.leaky_relu(rows)))


def spectrum(source: Tensor) -> Tensor:
    """Return the spectrum of a source [1, 1, samples]: real and imaginary parts [1, 18, columns]."""
    found = torch().view_as_real(torch().stft(source[:, 0], WINDOW, STRIDE, window=_hann(source), return_complex=True))
    return torch().cat((found[..., 0], found[..., 1]), 1)


def pitch(weights: Part, mel: Tensor, conv: Conv) -> Tensor:
    """Return the pitch of each frame in Hz: [1, 80, frames] to [1, frames]. `conv` may use up frames."""
    part = weights.part("f0_predictor")
    for n in range(len(part.parts("condnet"))):
        mel = functional().elu(conv(part, f"condnet.{2 * n}", mel))
    return part.linear("classifier", mel.transpose(1, 2))[..., 0].abs()


def _residual(weights: Part, rows: Tensor, conv: Conv) -> Tensor:
    for n, dilation in enumerate(DILATIONS):
        inner = conv(weights, f"convs1.{n}", _snake(rows, weights[f"activations1.{n}.alpha"]), dilation=dilation)
        rows = conv(weights, f"convs2.{n}", _snake(inner, weights[f"activations2.{n}.alpha"])) + rows
    return rows


def _snake(rows: Tensor, alpha: Tensor) -> Tensor:
    """Add what repeats (arXiv 2006.08195): x + sin(a x) ** 2 / a."""
    alpha = alpha[None, :, None]
    return rows + (1.0 / (alpha + 1e-9)) * (rows * alpha).sin() ** 2


def _wave(rows: Tensor) -> Tensor:
    """Turn strengths and phases [1, 18, columns] into samples."""
    t, half = torch(), WINDOW // 2 + 1
    strength, phase = rows[:, :half].exp().clip(max=STRONGEST), rows[:, half:].sin()
    columns = t.complex(strength * phase.cos(), strength * phase.sin())
    return t.istft(columns, WINDOW, STRIDE, window=_hann(rows)).clamp(-LOUDEST, LOUDEST)


def _hann(like: Tensor) -> Tensor:
    return torch().hann_window(WINDOW, dtype=like.dtype, device=like.device)
