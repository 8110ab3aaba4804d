"""The filter bar: what the viewer chose, bound to the URL. A page shows only what it honours."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import streamlit as st

from data.period import SPANS, Selection

LIVE: Final = "live"
_DEVICES: Final = {"mobile": "Mobile", "desktop": "Desktop", "tablet": "Tablet"}
_REFERRALS: Final = {
    "direct": "Direct",
    "whatsapp": "WhatsApp",
    "instagram": "Instagram",
    "google": "Google",
    "other": "Other",
}
_COMPARISONS: Final = {
    "last_week": "vs last week",
    "yesterday": "vs yesterday",
    "previous": "vs period before",
    "none": "No comparison",
}
_REGIONS: Final = {
    "AR-B": "Buenos Aires",
    "AR-C": "Ciudad de Buenos Aires",
    "AR-K": "Catamarca",
    "AR-H": "Chaco",
    "AR-U": "Chubut",
    "AR-X": "Córdoba",
    "AR-W": "Corrientes",
    "AR-E": "Entre Ríos",
    "AR-P": "Formosa",
    "AR-Y": "Jujuy",
    "AR-L": "La Pampa",
    "AR-F": "La Rioja",
    "AR-M": "Mendoza",
    "AR-N": "Misiones",
    "AR-Q": "Neuquén",
    "AR-R": "Río Negro",
    "AR-A": "Salta",
    "AR-J": "San Juan",
    "AR-D": "San Luis",
    "AR-Z": "Santa Cruz",
    "AR-S": "Santa Fe",
    "AR-G": "Santiago del Estero",
    "AR-V": "Tierra del Fuego",
    "AR-T": "Tucumán",
}
_OPTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "region": {"": "All regions", **_REGIONS},
    "device": {"": "All devices", **_DEVICES},
    "referral": {"": "All referrals", **_REFERRALS},
}
_WIDTHS: Final = {"compare": 160, "region": 180, "device": 140, "referral": 150, "tenant": 180}


def selected(
    names: Sequence[str],
    default: Selection,
    *,
    spans: Sequence[str] = ("15m", "1h", "6h", "24h", "7d"),
    tenants: Mapping[int, str] | None = None,
) -> Selection:
    """Draw the filters that a page honours and give what they say; a nonsense value is dropped."""
    chosen = default
    if "span" in names:
        chosen = replace(chosen, span=_span(spans, default.span))
    if "compare" in names:
        chosen = replace(chosen, compare=_choice("compare", _COMPARISONS, default.compare))
    narrowed = {
        name: _choice(name, _OPTIONS[name], "") or None for name in names if name in _OPTIONS
    }
    chosen = replace(
        chosen,
        region=narrowed.get("region"),
        device=narrowed.get("device"),
        referral=narrowed.get("referral"),
    )
    if "tenant" in names and tenants:
        options = {"": "All tenants", **{str(key): label for key, label in tenants.items()}}
        given = _choice("tenant", options, "")
        chosen = replace(chosen, tenant=int(given) if given else None)
    return chosen


def in_words(selection: Selection) -> str:
    """Say the filters as exports and pictures do: only those that narrow something."""
    said = [f"Period {selection.span}"]
    said += [_COMPARISONS[selection.compare]] if selection.compare != "none" else []
    said += [_REGIONS.get(selection.region, selection.region)] if selection.region else []
    said += [_DEVICES.get(selection.device, selection.device)] if selection.device else []
    said += [_REFERRALS.get(selection.referral, selection.referral)] if selection.referral else []
    said += [f"Tenant {selection.tenant}"] if selection.tenant else []
    said += [f"{name.capitalize()} {value}" for name, value in selection.options]
    return ", ".join(said)


def _span(spans: Sequence[str], default: str) -> str:
    known = [span for span in spans if span in SPANS]
    found = st.segmented_control(
        "Period",
        known,
        default=default,
        required=True,
        key="span",
        bind="query-params",
        persist_state="session",
        label_visibility="collapsed",
    )
    return found if found in known else default


def _choice(name: str, options: Mapping[str, str], default: str) -> str:
    codes = list(options)
    accept_code(name, options)
    found = st.selectbox(
        name.capitalize(),
        codes,
        index=codes.index(default),
        format_func=lambda code: options[code],
        key=name,
        bind="query-params",
        persist_state="session",
        label_visibility="collapsed",
        width=_WIDTHS[name],
    )
    return found if found in options else default


def accept_code(name: str, options: Mapping[str, str]) -> None:
    """Let a link say the code as well as the words that the widget writes into the URL.

    The widget reads the address as it was when the run began, so another run has to begin.
    """
    given = st.query_params.get(name)
    if given and options.get(given, given) != given and name not in st.session_state:
        st.query_params[name] = options[given]
        st.rerun()


def clicked_on_filter(name: str, code: str) -> None:
    """Filter by what was clicked; the same again takes the filter away. No option: no change."""
    if code in _OPTIONS.get(name, {}):
        st.session_state[name] = "" if st.session_state.get(name) == code else code
