"""Policies as one file: the contract, its export from training (torch), and its runtime (numpy and onnxruntime)."""
