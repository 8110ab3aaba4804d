"""The page that the Launch monitor is compared with: 8 fixed st.plotly_chart, and one to come from.

Run by Streamlit with the same settings and theme. Each figure is built once and holds what a panel
of ours holds: two lines of 500 points, a threshold, four marks.
"""

import math

import plotly.graph_objects as go
import streamlit as st

POINTS = 500
CHARTS = 8
MARKS = (60, 190, 310, 440)


@st.cache_resource
def figures() -> list[go.Figure]:
    """All figures, built once per process."""
    return [_figure(number) for number in range(CHARTS)]


def _figure(number: int) -> go.Figure:
    x = list(range(POINTS))
    figure = go.Figure()
    for line in (1, 2):
        y = [100 * line + 40 * math.sin(point / (9 + number) + line) for point in x]
        figure.add_trace(go.Scatter(x=x, y=y, name=f"line {line}", mode="lines"))
    figure.add_hline(y=210, line_dash="dot", annotation_text="critical")
    for mark in MARKS:
        figure.add_vline(x=mark, line_width=1)
    return figure.update_layout(height=300, showlegend=False, title=f"Chart {number + 1}")


def start() -> None:
    """Show a light page, so that leaving it costs nothing."""
    st.title("Start")
    st.metric("Bookings", 1234)


def charts() -> None:
    """Show all figures in two columns."""
    columns = st.columns(2)
    for number, figure in enumerate(figures()):
        columns[number % 2].plotly_chart(figure, key=f"chart-{number}")


st.set_page_config(layout="wide")
st.navigation(
    [
        st.Page(start, title="Start", default=True),
        st.Page(charts, title="Charts", url_path="charts"),
    ]
).run()
