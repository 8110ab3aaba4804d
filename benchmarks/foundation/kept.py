"""What ten refreshes leave as the viewer had it: real pages, real mouse and keyboard."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as PlaywrightError

from benchmarks.browser import chromium, context, open_launch, settled_panels
from benchmarks.results import Result
from benchmarks.stage import Stage

REFRESHES: Final = 10
QUICK_REFRESHES: Final = 2
EVERY_MS: Final = 5_000
PREPARED_WITHIN_MS: Final = 20_000
SCROLLED_PX: Final = 140
TYPED: Final = "yest"

# Counts how often the first figure got a newer answer.
COUNT: Final = """
() => {
  const host = () => [...document.querySelectorAll('.atl')].find((e) => e._env?.as_of);
  let last = host()?._env.as_of;
  window.benchRefreshes = 0;
  setInterval(() => {
    const now = host()?._env.as_of;
    if (now !== undefined && now !== last) { last = now; window.benchRefreshes += 1; }
  }, 100);
}
"""
FIGURE: Final = ".atl-fig.js-plotly-plot"
RANGE: Final = f"""
() => {{
  const figure = document.querySelector('{FIGURE}');
  figure.benchNode ??= 'the same node';
  const {{ xaxis, yaxis }} = figure._fullLayout;
  return JSON.stringify([figure.benchNode, xaxis.range, yaxis.range, xaxis.autorange]);
}}
"""
# A unified hover label is drawn as a legend.
HOVER: Final = f"() => !!document.querySelector('{FIGURE} .hoverlayer :is(.hovertext, .legend)')"
DIALOG: Final = '[data-testid="stDialog"]'
CHOSEN: Final = "document.querySelector('.atl-table tr[aria-selected=\"true\"]')?.dataset.id"
SCROLL: Final = "() => document.querySelector('[data-testid=\"stMain\"]').scrollTop"


WITH_TABLES: Final = ("/", "/launch?tab=API", "/launch?tab=Database")


class NothingToTryError(Exception):
    """The pages have nothing on which this could be tried."""


@dataclass(frozen=True, slots=True)
class Habit:
    """One thing that a viewer has done, and how to tell whether it still stands."""

    name: str
    state: Callable[[Page], object]
    """What must be the same before and after."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Things that a viewer does on one page at the same time."""

    prepare: Callable[[Page, str], None]
    habits: tuple[Habit, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """A scene on its page, ready to be refreshed."""

    scene: Scene
    page: Page
    before: dict[str, object]


def measure(stage: Stage) -> list[Result]:
    """1 for each thing that was kept, 0 for each that was lost; all scenes at the same time."""
    refreshes = QUICK_REFRESHES if stage.is_quick else REFRESHES
    results: list[Result] = []
    with chromium() as browser:
        opened: list[Opened] = []
        for scene in SCENES:
            try:
                opened.append(_opened(browser, stage.address, scene))
            except (PlaywrightError, NothingToTryError) as error:
                results += [_impossible(habit, error) for habit in scene.habits]
        for each in opened:
            each.page.wait_for_function(
                "(count) => window.benchRefreshes >= count",
                arg=refreshes,
                timeout=(refreshes + 6) * EVERY_MS,
            )
        for each in opened:
            results += _compared(each, refreshes)
    return results


def _opened(browser: Browser, address: str, scene: Scene) -> Opened:
    page = context(browser).new_page()
    page.set_default_timeout(PREPARED_WITHIN_MS)
    scene.prepare(page, address)
    page.evaluate(COUNT)
    return Opened(scene, page, {habit.name: habit.state(page) for habit in scene.habits})


def _compared(opened: Opened, refreshes: int) -> list[Result]:
    results = []
    for habit in opened.scene.habits:
        was, now = opened.before[habit.name], habit.state(opened.page)
        found = {"refreshes": refreshes, "before": str(was), "after": str(now)}
        kept = float(bool(was) and was == now)
        results.append(Result(f"kept: {habit.name}", kept, "", 1, "higher", found))
    return results


def _impossible(habit: Habit, error: Exception) -> Result:
    found: dict[str, object] = {"failed": str(error).partition("\n")[0]}
    return Result(f"kept: {habit.name}", None, "", 1, "higher", found)


def _zoomed(page: Page, address: str) -> None:
    """Scroll a little, zoom into a figure with the mouse, and rest the mouse on it."""
    open_launch(page, address)
    page.mouse.move(700, 500)
    page.mouse.wheel(0, SCROLLED_PX)
    page.wait_for_function(f"() => ({SCROLL})() > 0")
    plot = page.locator(f"{FIGURE} .nsewdrag").first.bounding_box()
    if plot is None:
        raise RuntimeError("the Launch monitor shows no figure")
    left, width, top = plot["x"], plot["width"], plot["y"] + plot["height"] / 2
    page.mouse.move(left + width * 0.3, top)
    page.mouse.down()
    page.mouse.move(left + width * 0.7, top, steps=8)
    page.mouse.up()
    page.wait_for_function(
        f"() => document.querySelector('{FIGURE}')._fullLayout.xaxis.autorange === false"
    )
    page.mouse.move(left + width * 0.45, top, steps=4)
    page.wait_for_function(HOVER)


def _menu_open(page: Page, address: str) -> None:
    open_launch(page, address)
    page.locator('[class*="st-key-menu-"] button').first.click()
    page.get_by_role("button", name="Show query").wait_for()


def _dialog_open(page: Page, address: str) -> None:
    _menu_open(page, address)
    page.get_by_role("button", name="Show query").click()
    page.locator(f"{DIALOG} code").first.wait_for()


def _half_typed(page: Page, address: str) -> None:
    """Type half a word into the choice of the comparison, and leave it so."""
    open_launch(page, address)
    page.locator(".st-key-compare input").click()
    page.keyboard.type(TYPED)
    page.wait_for_function("(typed) => document.activeElement.value === typed", arg=TYPED)


def _row_selected(page: Page, address: str) -> None:
    """Choose the first row of the first table, on any page or tab, that lets rows be chosen."""
    for path in WITH_TABLES:
        page.goto(f"{address}{path}", wait_until="commit")
        settled_panels(page)
        row = page.locator(".atl-table tbody tr[aria-selected]").first
        if row.count():
            row.click()
            page.locator('.atl-table tr[aria-selected="true"]').wait_for()
            return
    raise NothingToTryError("no table of these pages lets a row be chosen")


def _menu_text(page: Page) -> object:
    entry = page.get_by_role("button", name="Show query")
    return entry.is_visible() and entry.inner_text()


def _dialog_text(page: Page) -> object:
    dialog = page.locator(DIALOG)
    return dialog.is_visible() and dialog.locator("code").first.inner_text()


SCENES: Final = (
    Scene(
        _zoomed,
        (
            Habit("zoom", lambda page: page.evaluate(RANGE)),
            Habit("hover label", lambda page: page.evaluate(HOVER)),
            Habit("scroll", lambda page: page.evaluate(SCROLL)),
        ),
    ),
    Scene(_menu_open, (Habit("open menu", _menu_text),)),
    Scene(_dialog_open, (Habit("open dialog", _dialog_text),)),
    Scene(
        _half_typed,
        (
            Habit(
                "half-typed text",
                lambda page: page.evaluate("document.activeElement.value"),
            ),
        ),
    ),
    Scene(
        _row_selected,
        (Habit("row selection", lambda page: page.evaluate(CHOSEN)),),
    ),
)
