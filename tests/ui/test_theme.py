"""Both themes are readable, and the framework's widgets wear the same colours as our own."""

import tomllib
from pathlib import Path

import pytest

from dashboard.ui.theme import DARK, LIGHT, THEMES, Theme

ROOT = Path(__file__).resolve().parents[2]
TEXT, GRAPHICS = 4.5, 3.0


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["background", "raised"])
def test_text_and_status_words_are_readable_on_page_and_panel(theme: Theme, ground: str) -> None:
    under = getattr(theme, ground)
    words = ("text", "muted", "primary", "ok", "info", "warning", "critical")
    low = {w: contrast(getattr(theme, w), under) for w in words}
    assert {word: ratio for word, ratio in low.items() if ratio < TEXT} == {}


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_series_and_unknown_stand_out_from_the_panel(theme: Theme) -> None:
    colours = (*theme.categorical, theme.unknown)
    assert [c for c in colours if contrast(c, theme.raised) < GRAPHICS] == []


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_labels_in_the_colour_of_their_series_are_readable(theme: Theme) -> None:
    assert [c for c in theme.categorical if contrast(theme.label(c), theme.raised) < TEXT] == []


@pytest.mark.parametrize("name", ["light", "dark"])
def test_the_framework_wears_the_same_colours(name: str) -> None:
    config = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())["theme"][name]
    theme = THEMES[name]
    assert config["backgroundColor"] == theme.background
    assert config["secondaryBackgroundColor"] == theme.raised
    assert config["textColor"] == theme.text
    assert config["primaryColor"] == theme.primary
    assert tuple(config["chartCategoricalColors"]) == theme.categorical


def test_fonts_and_logos_are_served_from_here_with_their_licence() -> None:
    faces = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())["theme"]["fontFaces"]
    for face in faces:
        assert (ROOT / "dashboard" / face["url"].removeprefix("app/")).is_file()
    static = ROOT / "dashboard/static"
    assert (static / "fonts/OFL.txt").is_file()
    assert (static / "logo-light.svg").is_file()
    assert (static / "logo-dark.svg").is_file()
