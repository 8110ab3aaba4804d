"""What can go wrong with a read, translated once from the driver's or HTTP client's own errors."""


class SourceDown(Exception):
    """A source of data does not answer as it should.

    `reason` completes the sentence "<source> …" in plain words ("does not answer", "took longer
    than 5 s"). It carries no driver text, address or secret, because viewers read it.
    """

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source} {reason}.")
        self.source = source
        self.reason = reason


class TooManyRows(Exception):
    """A statement returned more rows than a page may hold; nothing is cut silently."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"More than {limit:,} rows: choose a shorter period or a narrower filter.")
        self.limit = limit
