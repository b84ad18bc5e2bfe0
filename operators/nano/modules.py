"""What holds nano's weights in torch, and how its ears and eyes compute: modules of torch, and transformers' own Qwen3."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from operators.minicpm_o import config as minicpm_o
from operators.minicpm_o.door import Module, Tensor, blocks, functional, torch
from operators.minicpm_o.loading import Weights
from operators.nano.config import Config, read_config
from operators.nano.tensors import read_tensors
from operators.nano.vocabulary import Vocabulary
from operators.omni_flow.tokens.vocabulary import SIZE

KERNEL = 3
POOL = 5  # steps of 20 ms that become a token of sound
WEIGHTS, SPEECH = "model.safetensors", "speech."  # the file, and what the speech decoder's weights in it begin with
STEP = 2  # frames of 10 ms that become a step


def skeleton(config: Config) -> Module:
    """Make all modules, named as the published model's parts are."""
    t = torch()
    root = t.nn.Module()
    root.llm = _language(config)
    root.apm = _ears(config)
    root.audio_projection_layer = t.nn.Linear(len(config.heard) + len(config.phrases), config.width, bias=False)
    root.vpm = _eyes(config)
    root.resampler = _resampler(config)
    return root


def load_modules(folder: str | Path, device: str = "cpu") -> Weights:
    """Load a checkpoint into modules of torch, in float32. Raises ValueError for weights that are missing, extra or misshapen."""
    t = torch()
    config = read_config(folder)
    root = skeleton(config)
    held = {name: t.from_numpy(value.astype("float32")) for name, value in read_tensors(Path(folder, WEIGHTS)).items() if not name.startswith(SPEECH)}
    try:
        root.load_state_dict(held)
    except RuntimeError as error:
        raise ValueError(f"nano {folder}: weights and config do not fit ({' '.join(str(error).split())}); copy both again") from None
    root = root.to(device).requires_grad_(False).eval()
    sizes = minicpm_o.Config(config.language, speech=None, queries=config.queries, pool=POOL)
    return Weights(sizes, "fp32", device, root.llm, root.vpm, root.resampler, root.apm, root.audio_projection_layer)


def _language(config: Config) -> Module:
    """Make a Qwen3 whose table of words has rows only for what nano knows, and takes and gives published ids."""
    t = torch()
    nn = t.nn
    given = {**asdict(config.language), "tie_word_embeddings": False, "attention_bias": False, "use_sliding_window": False}
    ids = Vocabulary(config.texts)

    class Rows(nn.Embedding):
        def forward(self, given: Tensor) -> Tensor:
            return super().forward(t.from_numpy(ids.rows)[given])

    class Scores(nn.Linear):
        def forward(self, hidden: Tensor) -> Tensor:
            scores = super().forward(hidden)
            spread = scores.new_full((*scores.shape[:-1], SIZE), -1e4)
            spread[..., list(ids.ids)] = scores
            return spread

    settings = blocks("models.qwen3.configuration_qwen3").Qwen3Config(**{**given, "vocab_size": len(ids.ids)})
    llm = blocks("models.qwen3.modeling_qwen3").Qwen3ForCausalLM(settings)
    llm.model.embed_tokens = Rows(len(ids.ids), config.width)
    llm.lm_head = Scores(config.width, len(ids.ids), bias=False)
    return llm


def _ears(config: Config) -> Module:
    nn, width = torch().nn, config.ears
    apm = nn.Module()
    apm.stem = nn.Linear(2 * STEP * config.bands, width)
    apm.layers = nn.ModuleList()
    for _ in config.dilations:
        layer = nn.Module()
        layer.norm, layer.mix, layer.out = nn.LayerNorm(width), nn.Linear(KERNEL * width, width), nn.Linear(width, width)
        apm.layers.append(layer)
    apm.norm = nn.LayerNorm(width)
    apm.pool = nn.Linear(POOL * width, width)
    apm.words = nn.Linear(width, len(config.heard))
    apm.phrases = nn.Linear(width, len(config.phrases))
    return apm


def quiet(config: Config, clips: int = 1) -> list[Tensor]:
    """Return what the ears remember before anything: for the stem and each layer, what came before, all zeros."""
    t = torch()
    sizes = [(STEP, config.bands), *(((KERNEL - 1) * dilation, config.ears) for dilation in config.dilations)]
    return [t.zeros(clips, *size) for size in sizes]


def hear(apm: Module, config: Config, mel: Tensor, before: list[Tensor]) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Hear frames [clips, 10 n, bands] behind what was before: logits of words and phrases [clips, n, ...], and what is before the next."""
    t, gelu = torch(), functional().gelu
    frames = t.cat([before[0], mel], dim=1)
    after = [frames[:, -STEP:]]
    pairs = frames.unfold(1, 2 * STEP, STEP).transpose(2, 3).flatten(2)  # each with the one before it
    rows = gelu(apm.stem(pairs))
    for layer, dilation, past in zip(apm.layers, config.dilations, before[1:]):
        seen = t.cat([past, layer.norm(rows)], dim=1)
        after.append(seen[:, seen.shape[1] - 2 * dilation :])
        count = rows.shape[1]
        taps = t.cat([seen[:, n * dilation : n * dilation + count] for n in range(KERNEL)], dim=2)
        rows = rows + layer.out(gelu(layer.mix(taps)))
    rows = apm.norm(rows)
    pooled = gelu(apm.pool(rows.reshape(rows.shape[0], -1, POOL * rows.shape[2])))
    return apm.words(pooled), apm.phrases(pooled), after


def sound_tokens(root: Module, words: Tensor, phrases: Tensor) -> Tensor:
    """Make tokens of sound of logits: what the language model is given of what was heard."""
    return root.audio_projection_layer(torch().cat([words.softmax(-1), phrases.softmax(-1)], dim=-1))


def _eyes(config: Config) -> Module:
    nn, width = torch().nn, config.eyes
    vpm = nn.Module()
    vpm.coarse, vpm.patches = nn.Conv2d(3, width // 2, 4, 4), nn.Conv2d(width // 2, width, 2, 2)
    vpm.places = nn.Parameter(torch().randn((config.image // 8) ** 2, width) * 0.1)
    vpm.layers = nn.ModuleList()
    for _ in range(config.looks):
        layer = nn.Module()
        layer.norm1, layer.qkv, layer.out = nn.LayerNorm(width), nn.Linear(width, 3 * width), nn.Linear(width, width)
        layer.norm2, layer.fc1, layer.fc2 = nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        vpm.layers.append(layer)
    vpm.norm = nn.LayerNorm(width)
    return vpm


def _resampler(config: Config) -> Module:
    nn, width = torch().nn, config.eyes
    resampler = nn.Module()
    resampler.query = nn.Parameter(torch().randn(config.queries, width) * 0.5)
    resampler.kv, resampler.norm = nn.Linear(width, 2 * width), nn.LayerNorm(width)
    resampler.each, resampler.all = nn.Linear(width, width), nn.Linear(width, width)
    resampler.values = nn.ModuleList(nn.Linear(width, len(values)) for values in config.scene)
    counts = [len(values) for values in config.scene]
    resampler.proj = nn.ModuleList(nn.Linear(count, config.width, bias=False) for count in (*counts, sum(counts)))
    return resampler


COUNTED = 8.0  # by how much a mean over 64 patches is raised, so that a block counts an eighth
HEAD = 16  # the width of the eyes' heads


def patches(vpm: Module, pictures: Tensor) -> Tensor:
    """Encode pictures, float [n, 3, 64, 64] from -1 to 1, patch by patch [n, 64, width]."""
    f = functional()
    rows = vpm.patches(f.gelu(vpm.coarse(pictures))).flatten(2).transpose(1, 2) + vpm.places
    for layer in vpm.layers:
        query, key, value = layer.qkv(layer.norm1(rows)).chunk(3, dim=-1)
        rows = rows + layer.out(_attended(query, key, value))
        rows = rows + layer.fc2(f.gelu(layer.fc1(layer.norm2(rows))))
    return vpm.norm(rows)


def look(root: Module, rows: Tensor) -> list[Tensor]:
    """Tell of encoded patches the logits of each attribute [n, values]."""
    of = root.resampler
    key, value = of.kv(rows).chunk(2, dim=-1)
    asked = of.query[None].expand(rows.shape[0], -1, -1)
    found = of.norm(_attended(asked, key, value))
    found = found + of.all(of.each(rows).sigmoid().mean(1) * COUNTED)[:, None]  # what is counted must not be averaged away
    return [head(found[:, n] + found[:, -1]) for n, head in enumerate(of.values)]


def _attended(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    heads = [each.unflatten(-1, (-1, HEAD)).transpose(1, 2) for each in (query, key, value)]
    return functional().scaled_dot_product_attention(*heads).transpose(1, 2).flatten(2)


def picture_tokens(root: Module, logits: list[Tensor]) -> Tensor:
    """Make the tokens of pictures [n, 4, D]: one for each attribute, one for all of them."""
    t = torch()
    seen = [each.softmax(-1) for each in logits]
    return t.stack([proj(each) for proj, each in zip(root.resampler.proj, [*seen, t.cat(seen, dim=-1)])], dim=1)
