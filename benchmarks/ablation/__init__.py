"""The paper's ablation in the small: how long a window is, whether marks show its bounds, whether control stands before text."""
