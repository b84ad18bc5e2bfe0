"""Commands that know of graphs, recordings and traces, and of nothing else."""
