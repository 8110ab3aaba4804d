"""Rollups, and the pages that read them."""
