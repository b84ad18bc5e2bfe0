"""Commands that know what a turn is."""
