"""What leaves the house by the page: all its panels as one workbook, and the raw rows behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import streamlit as st

from dashboard.auth import viewer
from dashboard.http_exports import Offer, offers
from dashboard.runtime import runtime
from dashboard.ui import components, envelope, export
from dashboard.ui.canvas import Canvas
from dashboard.ui.filters import in_words
from dashboard.ui.jobs import SpecJob
from dashboard.ui.live import refresher
from dashboard.ui.material import Material, gather
from dashboard.ui.spec import PanelSpec
from dashboard.ui.words import say
from data.errors import SourceDown
from data.period import Selection
from data.raw import KINDS, MOST, row_count
from services import exports
from services.actors import Permission
from services.errors import ServiceError

_OFFER: Final = "exports.offer"
_SAID: Final = "exports.said"
_EXCEL: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows: its title, all its panels in all tabs, and what the viewer chose."""

    title: str
    panels: Sequence[PanelSpec]
    selection: Selection

    def workbook(self) -> bytes:
        """Write every panel's numbers onto a sheet of its own."""
        viewer().require(Permission.EXPORT)
        parts = [self._part(spec) for spec in self.panels]
        return export.as_workbook([part for part in parts if part is not None])

    def _part(self, spec: PanelSpec) -> export.Part | None:
        """Give one panel's numbers; None when its source has given none."""
        job = SpecJob(spec, self.selection, runtime().zone)
        known = refresher().material(job.key)
        material = known if isinstance(known, Material) else gather(spec, self.selection)
        if material.answer.value is None:
            return None
        scene = envelope.scene_of(spec, material, Canvas.of_viewer("export").look)
        about = export.provenance(spec, material, self.selection)
        return spec.draw.sheet(material.answer.value, scene), about


@st.fragment
def exports_menu(shown: Shown, *, raw: bool) -> None:
    """Draw the button; what is behind it only while it is open."""
    box = st.popover(
        say("exports.menu"), icon=":material/download:", key="exports-menu", on_change="rerun"
    )
    if box.open:
        with box:
            _entries(shown, raw=raw)
    components.download(st.session_state.get(_OFFER) or {})


def _entries(shown: Shown, *, raw: bool) -> None:
    if not viewer().may(Permission.EXPORT):
        st.caption(say("menu.no_export"))
        return
    st.download_button(
        say("exports.page"),
        shown.workbook,
        file_name=export.file_name(shown.title, datetime.now(UTC), "xlsx"),
        mime=_EXCEL,
        on_click="ignore",
        key="exports.page",
        type="tertiary",
    )
    for kind in KINDS if raw else ():
        words = say(f"exports.{kind}")
        key = f"exports.{kind}"
        st.button(words, key=key, type="tertiary", on_click=_offer, args=(kind, shown.selection))
    if raw:
        most = envelope.form_of(Canvas.of_viewer("export").look).number(MOST)
        st.caption(st.session_state.pop(_SAID, "") or say("exports.raw", most=most))


def _offer(kind: str, selection: Selection) -> None:
    """Count, ask for leave, and have the browser take what is offered."""
    here = runtime()
    filters = selection.at(datetime.now(UTC), here.zone, here.settings.currency)
    words = in_words(selection)
    try:
        viewer().require(Permission.EXPORT)
        rows = row_count(here.db, filters, kind=kind)
        exports.allow(here.db, actor=viewer(), kind=kind, filters=words, rows=rows)
    except (ServiceError, SourceDown) as refusal:
        st.session_state[_SAID] = str(refusal)
        return
    about = export.about_raw(kind, words, filters)
    file = export.file_name(kind, filters.now, "csv")
    token = offers.make(Offer(kind, filters, about, file, viewer().id))
    st.session_state[_OFFER] = {
        "url": f"api/exports/{token}",
        "rows": rows,
        "above": about.count(b"\n") + 1,
        "file": file,
        "label": say(f"exports.{kind}"),
        "locale": Canvas.of_viewer("export").look.locale,
        **{name: say(f"exports.{name}") for name in ("waiting", "stopped", "failed", "cancel")},
        "progress": say("exports.progress", rows="{rows}", all="{all}"),
        "done": say("exports.done", all="{all}"),
    }
