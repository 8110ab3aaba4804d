"""Pictures of all pages for the README, from a running demo: `make demo`, then `make screenshots`.

Writes docs/pictures/<page>_<theme>.png, one page at the width of a phone, and manifest.json with
the titles that are seen, so that a test can tell when a page has outgrown its picture.
"""

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import click
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize
from playwright.sync_api import Error as BrowserError

from benchmarks.browser import chromium
from dashboard.navigation import ENTRIES, Entry

FOLDER: Final = Path(__file__).with_name("pictures")
MANIFEST: Final = FOLDER / "manifest.json"
LARGEST_BYTES: Final = 300_000
COLOURS: Final = 256
HEIGHT: Final = 900
TALLEST: Final = 1_500
WITHIN_MS: Final = 30_000

Theme = Literal["light", "dark"]

# Everything in view has its answer, and every figure its lines.
DRAWN: Final = """() => {
    const parts = [...document.querySelectorAll('.atl, .atl-kpi')];
    const inView = (e) => e.clientHeight > 0 && e.getBoundingClientRect().top < innerHeight;
    return parts.length > 0 && parts.every((e) => e.dataset.state && e.dataset.state !== 'loading')
        && [...document.querySelectorAll('.atl-fig')].filter(inView)
            .every((e) => e.querySelector('.scatterlayer, .barlayer'))
        && document.fonts.status === 'loaded' && !document.querySelector('[data-stale="true"]');
}"""
IN_TROUBLE: Final = """() => [...document.querySelectorAll('.atl, .atl-kpi')]
    .filter((e) => ['stale', 'down', 'failed'].includes(e.dataset.state)).length"""
CONTENT_HEIGHT: Final = "() => document.querySelector('[data-testid=stMain]').scrollHeight"


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture to take."""

    entry: Entry
    theme: Theme
    width: int = 1440

    @property
    def file(self) -> str:
        """The picture's name."""
        narrow = "" if self.width == 1440 else f"_{self.width}"
        return f"{name_of(self.entry)}_{self.theme}{narrow}.png"


Seen = dict[str, list[str]]


def name_of(entry: Entry) -> str:
    """The page's part of its pictures' names."""
    return Path(entry.file).stem


def shots() -> list[Shot]:
    """All pictures: each page in both themes, and the last one as a phone shows it."""
    themes: tuple[Theme, ...] = ("light", "dark")
    wide = [Shot(entry, theme) for entry in ENTRIES for theme in themes]
    return [*wide, Shot(ENTRIES[-1], "light", 390)]


def take(browser: Browser, shot: Shot, url: str) -> tuple[bytes, Seen]:
    """Take one picture; gives it as PNG, with the titles on the page."""
    context = browser.new_context(
        viewport={"width": shot.width, "height": HEIGHT},
        color_scheme=shot.theme,
        locale="es-AR",
        timezone_id="America/Argentina/Buenos_Aires",
        reduced_motion="reduce",
    )
    try:
        page = context.new_page()
        page.goto(f"{url.rstrip('/')}/{shot.entry.path}")
        page.wait_for_function(DRAWN, timeout=WITHIN_MS)
        height = min(TALLEST, max(HEIGHT, int(page.evaluate(CONTENT_HEIGHT))))
        page.set_viewport_size(ViewportSize(width=shot.width, height=height))
        page.wait_for_function(DRAWN, timeout=WITHIN_MS)
        if page.evaluate(IN_TROUBLE):
            raise click.ClickException(f"{shot.entry.title} is in trouble; see what `doctor` says.")
        return page.screenshot(animations="disabled"), _seen(page)
    finally:
        context.close()


def _seen(page: Page) -> Seen:
    return {
        "figures": _texts(page, ".atl-kpi .atl-label"),
        "tabs": _texts(page, '[role="tab"]'),
        "panels": _texts(page, '[class*="st-key-phead-"] h3'),
    }


def _texts(page: Page, selector: str) -> list[str]:
    return [text.strip() for text in page.locator(selector).all_inner_texts()]


def compressed(png: bytes) -> bytes:
    """The picture with a palette: a fifth of the size, and no difference to see."""
    out = io.BytesIO()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    few = picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(out, "PNG", optimize=True)
    return out.getvalue()


def write(url: str) -> None:
    """Take all pictures and write them with their manifest."""
    FOLDER.mkdir(exist_ok=True)
    manifest: dict[str, dict[str, list[str]]] = {}
    with chromium() as browser:
        for shot in shots():
            png, seen = take(browser, shot, url)
            picture = compressed(png)
            if len(picture) > LARGEST_BYTES:
                raise click.ClickException(f"{shot.file} has {len(picture):,} bytes: too many.")
            (FOLDER / shot.file).write_bytes(picture)
            manifest.setdefault(name_of(shot.entry), {"pictures": [], **seen})
            manifest[name_of(shot.entry)]["pictures"].append(shot.file)
            click.echo(f"{shot.file}: {len(picture) // 1000} kB")
    MANIFEST.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", "utf-8")


@click.command()
@click.option("--url", default="http://127.0.0.1:8501", show_default=True, help="A running demo.")
def main(url: str) -> None:
    """Take the README's pictures from a running demo."""
    try:
        write(url)
    except BrowserError as error:
        reason = error.message.splitlines()[0]
        raise click.ClickException(f"{url} does not show what is awaited: {reason}") from error
    except RuntimeError as error:  # there is no Chromium; the message says how to get it
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
