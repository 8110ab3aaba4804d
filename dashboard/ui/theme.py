"""Colours, type and the common layout of every figure, for the light and the dark theme.

The same values stand in .streamlit/config.toml for the framework's own widgets; a test keeps both
alike and checks their contrast.
"""

from dataclasses import dataclass
from typing import Final, Literal

ThemeName = Literal["light", "dark"]
Tone = Literal["ok", "info", "warning", "critical", "unknown"]

FONT: Final = "Inter, system-ui, Segoe UI, Arial, sans-serif"
_LABELS: Final = {"#C8641B": "#AA5010", "#51708F": "#4B6985"}
ICONS: Final[dict[Tone, str]] = {
    "ok": "✓",
    "info": "i",
    "warning": "▲",
    "critical": "✕",
    "unknown": "?",
}
"""Status is always an icon, a word and a colour together."""


@dataclass(frozen=True, slots=True)
class Theme:
    """The tokens of one theme. `background` is the page's, `raised` a panel's."""

    name: ThemeName
    background: str
    raised: str
    text: str
    muted: str
    line: str
    grid: str
    primary: str
    ok: str
    info: str
    warning: str
    critical: str
    unknown: str
    categorical: tuple[str, ...]
    sequential: tuple[str, ...]
    """One hue from little to much: light to dark on a light ground, dark to light on a dark one."""

    def tone(self, tone: str) -> str:
        """Give the colour of a status, the one of unknown for a status that has none."""
        tones = {"ok": self.ok, "info": self.info, "warning": self.warning}
        return {**tones, "critical": self.critical}.get(tone, self.unknown)

    def series(self, index: int) -> str:
        """Give the colour of the nth series; it repeats after the last."""
        return self.categorical[index % len(self.categorical)]

    def label(self, colour: str) -> str:
        """Give the colour for words beside a line: darker where the line's own is too light."""
        return _LABELS.get(colour, colour)

    def variables(self) -> dict[str, str]:
        """Give the tokens as the custom properties that the style sheet uses."""
        return {
            "--atl-bg": self.background,
            "--atl-raised": self.raised,
            "--atl-text": self.text,
            "--atl-muted": self.muted,
            "--atl-line": self.line,
            "--atl-grid": self.grid,
            "--atl-primary": self.primary,
            "--atl-ok": self.ok,
            "--atl-info": self.info,
            "--atl-warning": self.warning,
            "--atl-critical": self.critical,
            "--atl-unknown": self.unknown,
        }


LIGHT: Final = Theme(
    name="light",
    background="#F5F7F9",
    raised="#FFFFFF",
    text="#131A22",
    muted="#55606E",
    line="#DDE3E9",
    grid="#EBEFF3",
    primary="#0B6E86",
    ok="#1F7A4D",
    info="#2563C9",
    warning="#9A6200",
    critical="#B93128",
    unknown="#6B7480",
    categorical=(
        *("#0B6E86", "#C8641B", "#6B4FA0", "#2C7A4B"),
        *("#B23A67", "#8A6D00", "#51708F", "#7A5240"),
    ),
    sequential=("#C9E0E7", "#97C5D2", "#5A9FB2", "#23788F", "#0A4A5C"),
)
DARK: Final = Theme(
    name="dark",
    background="#0E1419",
    raised="#161E26",
    text="#E8EDF2",
    muted="#9BA8B5",
    line="#2A3540",
    grid="#222C36",
    primary="#4CC2DB",
    ok="#57C48C",
    info="#7FB0FF",
    warning="#F0B44A",
    critical="#FF8178",
    unknown="#8A96A3",
    categorical=(
        *("#4CC2DB", "#F0975A", "#B39BE6", "#6CC48D"),
        *("#EE82AB", "#D1B43F", "#97B3CF", "#C99F8B"),
    ),
    sequential=("#20414D", "#275B6C", "#2F7F96", "#47ADC6", "#8FE4F5"),
)
THEMES: Final[dict[str, Theme]] = {"light": LIGHT, "dark": DARK}


def figure_layout(theme: Theme) -> dict[str, object]:
    """Give the layout that every figure starts from, as a plain dict.

    Margins are fixed (measuring text costs more than drawing the lines) and no axis carries a range
    of its own, so that a viewer's zoom outlives a refresh.
    """
    axis = _axis(theme)
    return {
        "font": {"family": FONT, "size": 12, "color": theme.text},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 44, "r": 14, "t": 10, "b": 30},
        "showlegend": False,
        "dragmode": "zoom",
        "hovermode": "x unified",
        "hoverdistance": 24,
        "hoverlabel": _hover_label(theme),
        "modebar": {
            "bgcolor": "rgba(0,0,0,0)",
            "color": theme.muted,
            "activecolor": theme.primary,
        },
        "xaxis": {
            **axis,
            "showgrid": False,
            "ticklabelstandoff": 5,
            "showspikes": True,
            "spikemode": "across",
            "spikethickness": 1,
            "spikedash": "solid",
            "spikecolor": theme.line,
        },
        "yaxis": {**axis, "showgrid": True, "nticks": 5, "ticklabelstandoff": 6},
    }


def _axis(theme: Theme) -> dict[str, object]:
    return {
        "gridcolor": theme.grid,
        "zeroline": False,
        "showline": False,
        "ticks": "",
        "tickfont": {"color": theme.muted, "size": 11},
        "automargin": False,
    }


def _hover_label(theme: Theme) -> dict[str, object]:
    return {
        "bgcolor": theme.raised,
        "bordercolor": theme.line,
        "font": {"family": FONT, "size": 12, "color": theme.text},
        "align": "left",
    }
