"""The menu of a panel: the numbers as files, the figure as a picture, the query, the link.

It is filled when it is opened, and outlives refreshes of the panel.
"""

from dataclasses import dataclass

import streamlit as st

from dashboard.auth import viewer
from dashboard.ui import components, envelope, export
from dashboard.ui.charts.scene import Sheet
from dashboard.ui.filters import in_words
from dashboard.ui.jobs import SpecJob
from dashboard.ui.live import refresher
from dashboard.ui.material import Material, gather
from dashboard.ui.spec import Look, PanelSpec
from dashboard.ui.tableview import sheet_envelope
from dashboard.ui.words import say
from services.actors import Permission


@dataclass(frozen=True, slots=True)
class Menu:
    """The menu of one panel under one selection and look."""

    spec: PanelSpec
    job: SpecJob
    look: Look

    def draw(self) -> None:
        """Draw the button; what is behind it only while it is open."""
        title = say("menu.of", title=self.spec.title)
        box = st.popover(
            title,  # seen as the icon alone, read aloud in full
            icon=":material/more_horiz:",
            key=f"menu-{self.spec.key}",
            type="tertiary",
            on_change="rerun",
            help=title,
        )
        if box.open:
            with box:
                self._entries()

    def _entries(self) -> None:
        key = self.spec.key
        if viewer().may(Permission.EXPORT):
            self._download("CSV", "csv", "text/csv; charset=utf-8")
            excel = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
            self._download("Excel", "xlsx", excel)
        else:
            st.caption(say("menu.no_export"))
        if st.button("View as table", key=f"table-{key}", type="tertiary"):
            _table_dialog(self.spec.title, self._sheet(), self.look, key)
        if st.button("Show query", key=f"query-{key}", type="tertiary"):
            _query_dialog(self.spec, self._material())
        components.tools(f"tools-{key}", self._tools())

    def _download(self, label: str, ending: str, mime: str) -> None:
        material = self._material()
        st.download_button(
            label,
            lambda: self._file(ending),
            file_name=export.file_name(self.spec.title, material.answer.as_of, ending),
            mime=mime,
            on_click="ignore",
            key=f"{ending}-{self.spec.key}",
            type="tertiary",
        )

    def _file(self, ending: str) -> bytes:
        viewer().require(Permission.EXPORT)
        write = export.as_csv if ending == "csv" else export.as_excel
        about = export.provenance(self.spec, self._material(), self.job.selection)
        return write(self._sheet(), about)

    def _tools(self) -> dict[str, object]:
        answer = self._material().answer
        name = export.file_name(self.spec.title, answer.as_of, "x").removesuffix(".x")
        said = say("picture.under", filters=in_words(self.job.selection), source=answer.source)
        return {
            "key": self.spec.key,
            "chart": self.spec.draw.is_chart,
            "title": self.spec.title,
            "subtitle": said,
            "file": name,
        }

    def _sheet(self) -> Sheet:
        material = self._material()
        scene = envelope.scene_of(self.spec, material, self.look)
        return self.spec.draw.sheet(material.answer.value, scene)

    def _material(self) -> Material:
        """Take what the panel shows; ask only when nobody has looked for a while."""
        known = refresher().material(self.job.key)
        return known if isinstance(known, Material) else gather(self.spec, self.job.selection)


@st.fragment
def menu(spec: PanelSpec, job: SpecJob, look: Look) -> None:
    """Draw a panel's menu as a fragment of its own."""
    Menu(spec, job, look).draw()


def _table_dialog(title: str, sheet: Sheet, look: Look, key: str) -> None:
    @st.dialog(title, width="large")
    def show() -> None:
        components.panel(f"sheet-{key}", sheet_envelope(sheet, envelope.form_of(look), key))

    show()


def _query_dialog(spec: PanelSpec, material: Material) -> None:
    @st.dialog(spec.title, width="large")
    def show() -> None:
        st.markdown(spec.question.definition)
        st.caption(say("query.of", source=material.answer.source, question=spec.question.name))
        st.code(material.answer.statement or say("query.none"), language="sql", wrap_lines=True)

    show()
