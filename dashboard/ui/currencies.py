"""The currencies that a page about money lets its viewer choose from."""

from typing import Final

from dashboard.ui.choices import Choice, choice
from dashboard.ui.known import known
from data.revenue_currencies import offered

NAME: Final = "currency"
"""The name of the choice in the URL; questions read it, panels of money take their unit from it."""


def choices() -> tuple[Choice, ...]:
    """Offer the currencies in which something was sold, the business's own by default.

    Nothing to choose with one currency, or while Postgres has not answered.
    """
    found = known(offered)
    codes = [str(each) for each in found] if isinstance(found, list) else []
    if len(codes) < 2:
        return ()
    return (choice(NAME, "Currency", {code: f"In {code}" for code in codes}, default=codes[0]),)
