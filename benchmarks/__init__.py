"""Measurements, never asserted in a test: timings are noisy, so compare within one run."""
