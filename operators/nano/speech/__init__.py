"""Turn words into sound as they come: words to units, units to frames of mel and pitch, frames to waves."""
