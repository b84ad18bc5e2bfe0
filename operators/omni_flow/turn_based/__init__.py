"""Turn-based chat: messages, image slices, voice prompts, rounds, and half-duplex."""
