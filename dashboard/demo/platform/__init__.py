"""The marketplace that the demo watches: ninety days of history, a live feed, and its metrics.

Everything is a pure function of (seed, anchor, time): history, the live feed and the metrics are
three readings of one model, so they meet without a seam.
"""
