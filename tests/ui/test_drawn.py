"""What the chart library makes of our figures: drawn, no word cut, clicks heard."""

import functools
import json
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Final, Literal

import pytest
from pandas import DataFrame
from playwright.sync_api import Browser, Page

from dashboard.ui import charts
from dashboard.ui.assets import assets
from dashboard.ui.charts.provinces import provinces
from dashboard.ui.charts.scene import Draw
from dashboard.ui.components import PANEL
from dashboard.ui.envelope import encode
from dashboard.ui.theme import THEMES
from tests.ui.browser import tab
from tests.ui.scenes import scene, series
from tests.ui.test_buckets import COLUMNS, DEPTH
from tests.ui.test_grids import COHORTS, HOURS, MATRIX, RATES
from tests.ui.test_steps import FUNNEL, STEPS

pytestmark = pytest.mark.browser

BOOKINGS: Final = DataFrame(
    [(each.iso, 7 * (n + 1)) for n, each in enumerate(provinces())], columns=["region", "value"]
)
FIGURES: Final[dict[str, tuple[Draw, DataFrame]]] = {
    "map": (charts.map(unit="count", title="Bookings"), BOOKINGS),
    "cohorts": (charts.cohorts(), COHORTS),
    "hours": (charts.hours(), HOURS),
    "matrix": (MATRIX, RATES),
    "steps": (FUNNEL, STEPS),
    "columns": (COLUMNS, DEPTH),
    "stacks": (charts.stacked_bars(), series("done", "failed", step_s=3600, points=24)),
}
SCRIPT: Final = """
import panel from './panel.js';
const said = new TextEncoder();
const drawn = JSON.parse(document.getElementById('drawn').textContent);
for (const [name, text] of Object.entries(drawn)) {
  const parentElement = document.getElementById(name);
  const host = parentElement.querySelector('.atl');
  host._turn = (filter, value) => { window.told = `${filter}=${value}`; };
  panel({ data: said.encode(text), parentElement });
}
"""
DRAWN: Final = (
    "() => [...document.querySelectorAll('.atl-fig')].every((e) => e.closest('.atl')._drawn)"
)
# Words that reach beyond the figure's own edges by more than a pixel are cut.
CUT: Final = """(name) => {
  const fig = document.querySelector(`#${name} .atl-fig`), edge = fig.getBoundingClientRect();
  return [...fig.querySelectorAll('svg text')].filter((e) => {
    const r = e.getBoundingClientRect();
    const isWide = r.left < edge.left - 1 || r.right > edge.right + 1;
    return r.width > 0 && (isWide || r.bottom > edge.bottom + 1);
  }).map((e) => e.textContent);
}"""


# Where a point of the map is on the screen; axis is "" for the country, "2" for the inset.
PLACE: Final = """([axis, x, y]) => {
  const fig = document.querySelector('#map .atl-fig'), edge = fig.getBoundingClientRect();
  const across = fig._fullLayout['xaxis' + axis], up = fig._fullLayout['yaxis' + axis];
  const at = [across._offset + across.l2p(x), up._offset + up.l2p(y)];
  return [edge.left + at[0], edge.top + at[1]];
}"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("drawn")
    for name, asset in assets().items():
        (folder / name).write_bytes(asset.plain())
    for theme in THEMES:
        (folder / f"{theme}.html").write_text(_page(theme))
    handler = functools.partial(_Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def _page(theme: str) -> str:
    drawn, places = {}, []
    for name, (draw, value) in FIGURES.items():
        shown = scene(THEMES[theme], previous=value, thresholds=(), marks=(), region="AR-X")
        picture = draw.picture(value, shown)
        envelope = {"key": name, "state": "ok", "height": draw.height, "alt": picture.alt}
        drawn[name] = encode({**envelope, **picture.content}).decode()
        places.append(f'<div id="{name}">{PANEL}</div>')
    style = (Path("atalaya.css"), THEMES[theme].variables())
    tokens = "".join(f"{token}:{value};" for token, value in style[1].items())
    payload = json.dumps(drawn).replace("<", "\\u003c")
    return (
        f'<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">'
        f'<link rel="stylesheet" href="{style[0]}"><style>:root{{{tokens}}}'
        f"body{{font-family:sans-serif}}</style>{''.join(places)}"
        f'<script id="drawn" type="application/json">{payload}</script>'
        f'<script type="module">{SCRIPT}</script>'
    )


def _open(page: Page, address: str) -> None:
    page.set_viewport_size({"width": page.viewport_size["width"], "height": 4_000})  # type: ignore[index]  # every tab has one
    page.goto(address)
    page.wait_for_function(DRAWN, timeout=20_000)


# As wide as a panel is on a screen of 1280 px and on one of 390 px, with the margins around.
@pytest.mark.parametrize(("theme", "width"), [("light", 604), ("dark", 604), ("light", 342)])
def test_every_figure_is_drawn_and_none_of_its_words_is_cut(
    site: str, browser: Browser, *, theme: Literal["light", "dark"], width: int
) -> None:
    with tab(browser, theme=theme, width=width) as page:
        _open(page, f"{site}/{theme}.html")
        assert {name: cut for name in FIGURES if (cut := page.evaluate(CUT, name))} == {}


# Each on a page of its own: two clicks soon after each other are a double click.
@pytest.mark.parametrize(("axis", "code"), [("", "AR-X"), ("", "AR-Z"), ("2", "AR-C")])
def test_a_click_on_a_province_gives_its_code(
    site: str, browser: Browser, *, axis: str, code: str
) -> None:
    with tab(browser, width=604) as page:
        _open(page, f"{site}/light.html")
        province = next(each for each in provinces() if each.iso == code)
        x, y = page.evaluate(PLACE, [axis, *province.middle])
        page.mouse.move(x - 2, y)
        page.mouse.move(x, y)
        page.locator("#map .hoverlayer .hovertext", has_text=province.name).wait_for()
        page.mouse.down()
        page.mouse.up()
        page.wait_for_function(f"window.told === 'region={code}'", timeout=10_000)


def test_a_cell_says_its_numbers_under_the_pointer(site: str, browser: Browser) -> None:
    with tab(browser, width=604) as page:
        _open(page, f"{site}/light.html")
        cell = page.locator("#matrix .nsewdrag").first.bounding_box()
        assert cell
        page.mouse.move(cell["x"] + cell["width"] * 0.2, cell["y"] + cell["height"] * 0.2)
        page.mouse.move(cell["x"] + cell["width"] * 0.25, cell["y"] + cell["height"] * 0.25)
        label = page.locator("#matrix .hoverlayer .hovertext")
        label.wait_for()
        assert "450 of 500" in label.text_content(timeout=5_000)  # type: ignore[operator]  # it is there
