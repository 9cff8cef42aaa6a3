"""Bytes between two ends; knows neither client nor cluster, so that both use it."""
