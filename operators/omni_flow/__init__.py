"""Omni-Flow as pure functions: windows to token groups, listen or speak, context, interleaving, playback, modes."""
