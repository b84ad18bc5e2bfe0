"""Who and what is around a graph: people who talk, the microphone that hears them, a camera."""
