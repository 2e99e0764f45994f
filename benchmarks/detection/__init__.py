"""Does the audit find what was planted, and stay silent where nothing was? python -m benchmarks.detection"""
