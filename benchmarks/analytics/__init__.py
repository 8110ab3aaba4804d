"""Rollups, and the pages that read them."""

EVENTS = 20_000_000
FOLDER = "large"
