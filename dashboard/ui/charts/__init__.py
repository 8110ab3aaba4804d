"""The kinds of pictures a page can ask for: `charts.lines(...)`, `charts.table([...])`."""

from dashboard.ui.charts.bars import bars, stacked_bars
from dashboard.ui.charts.lines import lines
from dashboard.ui.charts.scene import Column, Draw, Mark, Picture, Scene, Sheet, Threshold
from dashboard.ui.charts.status import status
from dashboard.ui.charts.tables import table

column = Column

__all__ = [
    "Column",
    "Draw",
    "Mark",
    "Picture",
    "Scene",
    "Sheet",
    "Threshold",
    "bars",
    "column",
    "lines",
    "stacked_bars",
    "status",
    "table",
]
