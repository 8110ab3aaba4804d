"""Where a tile leads: a page of the navigation, named as the navigation names it."""

from dashboard import navigation
from dashboard.ui.charts.scene import Json


def to(path: str | None) -> Json:
    """Give the link to a page; nothing while that page does not exist."""
    if path is None:
        return {}
    titles = {entry.path: entry.title for entry in navigation.ENTRIES}
    return {"to": path, "to_title": titles[path]} if path in titles else {}
