"""MiniCPM-o 4.5 as it is published: a checkpoint's folder is loaded; it sees, hears, thinks and decides. Arrays in, arrays out.

What a session remembers is a value apart from the weights: `thinking.Cache`, `hearing.Heard`, `duplexing.Session`,
`chatting.Conversation`, `speaking.units.Turn`.

| part | of transformers and torch | ours, and why |
|---|---|---|
| language | Qwen3's linear layers, norms, MLP (`Qwen3ForCausalLM` holds them) | the loop, rotation, attention: for a cache that is a value |
| sight | SigLIP's encoder as it is | cutting, positions by bucket, patches as a product; looks of one size share a pass |
| resampler | `MultiheadAttention`, `LayerNorm` | queries, places, the projection: nobody else has it |
| hearing | Whisper's convolutions, linear layers, norms (`WhisperEncoder`) | the loop, attention with a cache and by seconds, the stream of frames |
| projector, pool | `Linear`, `avg_pool1d` | |
| tokenizer | the package `tokenizers` | its pipeline from vocab.json and merges.txt |
| speech decoder | Llama's linear layers, norms, MLP (`LlamaDecoderLayer` holds them) | the loop, rotation, attention: as for language |
| voice | convolutions, attention, Fourier transforms of torch | the rest: layers by name, caches that are values, noise by frame |
| 4 bit | onnxruntime's `MatMulNBits` | rounding, as its own quantiser rounds, a weight at a time |

A cache that is a value can be forked, cut back and moved, and sessions share a pass unpadded: transformers' own has neither.

Read first: `loading.load`, then `duplexing` or `chatting`; `pipeline.published` puts it in a graph; `voice` says speech codes; `fit`
shows what memory all of it takes; `goldens` compares it with what the published runtime computed.
"""
