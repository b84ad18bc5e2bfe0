"""Train nano, stage by stage, each with a checkpoint."""
