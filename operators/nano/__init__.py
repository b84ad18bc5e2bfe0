"""nano: a small model that hears, sees, decides and speaks, trained in simulations/nano, run by onnxruntime."""
