"""The three things that a doctor says, in the form that the database's readiness says them."""

from data.readiness import Finding


def fine(check: str, message: str) -> Finding:
    """As it should be."""
    return Finding(check, ok=True, required=True, message=message)


def note(check: str, message: str, remedy: str) -> Finding:
    """Works, but worth knowing."""
    return Finding(check, ok=False, required=False, message=message, remedy=remedy)


def fault(check: str, message: str, remedy: str) -> Finding:
    """Something required does not hold."""
    return Finding(check, ok=False, required=True, message=message, remedy=remedy)
