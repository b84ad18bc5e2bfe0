"""Real time: sensor feeds that become sessions, and recordings as they go."""
