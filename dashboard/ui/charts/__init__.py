"""The kinds of pictures a page can ask for: `charts.lines(...)`, `charts.table([...])`."""

from dashboard.ui.charts.bars import bars
from dashboard.ui.charts.columns import columns
from dashboard.ui.charts.heat import cohorts, heatmap, hours
from dashboard.ui.charts.lines import lines
from dashboard.ui.charts.maps import province_map
from dashboard.ui.charts.scene import Column, Draw, Mark, Picture, Scene, Sheet, Threshold
from dashboard.ui.charts.stacks import stacked_bars
from dashboard.ui.charts.status import status
from dashboard.ui.charts.steps import steps
from dashboard.ui.charts.tables import table

column = Column
map = province_map  # noqa: A001 - `charts.map` is the word that pages say

__all__ = [
    "Column",
    "Draw",
    "Mark",
    "Picture",
    "Scene",
    "Sheet",
    "Threshold",
    "bars",
    "cohorts",
    "column",
    "columns",
    "heatmap",
    "hours",
    "lines",
    "map",
    "stacked_bars",
    "status",
    "steps",
    "table",
]
