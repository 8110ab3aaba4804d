"""What the refresher works on: the key figures, panels and verdict of a page as jobs."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from dashboard.ui import envelope, figures, until, verdicts
from dashboard.ui.charts.scene import Json
from dashboard.ui.live import Look as AnyLook
from dashboard.ui.material import Material, gather
from dashboard.ui.spec import FigureSpec, Look, PanelSpec, Spec, UntilSpec, VerdictSpec
from data.period import Selection


@dataclass(frozen=True, slots=True)
class SpecJob:
    """One spec under one selection, for `live.Refresher`."""

    spec: Spec
    selection: Selection
    zone: ZoneInfo

    @property
    def key(self) -> str:
        """Identify the work: the panel and what the viewer chose."""
        return f"{self.spec.key}?{envelope.revision(self.selection)}|{self.zone.key}"

    @property
    def source(self) -> str:
        """The source that is asked."""
        return self.spec.question.source

    def ask(self) -> Material:
        """Ask now; see `material.gather`."""
        return gather(self.spec, self.selection)

    def build(self, material: object, look: AnyLook) -> bytes:
        """Draw the material for a look."""
        if not isinstance(material, Material):
            raise TypeError(f"{self.key}: {type(material).__name__} is not what was asked for.")
        return envelope.encode(_drawn(self.spec, material, _look(look)))

    def failed(self, reference: str, look: AnyLook) -> bytes:
        """Say that a bug was met."""
        del look  # the words are the same in every theme
        return envelope.encode(_failed(self.spec, reference))

    def late(self, material: object | None, since: datetime, look: AnyLook) -> bytes:
        """Say that the source has not answered for long."""
        drawn = None
        if isinstance(material, Material):
            drawn = _drawn(self.spec, material, _look(look))
        if isinstance(self.spec, PanelSpec):
            found = envelope.late(drawn, self.source, since, _look(look))
            return envelope.encode({**found, "key": self.spec.key})
        if isinstance(self.spec, UntilSpec):
            return envelope.encode(until.late(self.spec, drawn, self.source))
        if isinstance(self.spec, VerdictSpec):
            return envelope.encode(verdicts.late(self.spec, drawn, self.source))
        return envelope.encode(figures.late(self.spec, drawn, self.source))


def _drawn(spec: Spec, material: Material, look: Look) -> Json:
    if isinstance(spec, PanelSpec):
        return envelope.panel(spec, material, look)
    if isinstance(spec, FigureSpec):
        return figures.figure(spec, material, look)
    if isinstance(spec, UntilSpec):
        return until.until(spec, material, look)
    return verdicts.verdict(spec, material, look)


def _failed(spec: Spec, reference: str) -> Json:
    if isinstance(spec, PanelSpec):
        return envelope.failed(spec.key, reference)
    if isinstance(spec, FigureSpec):
        return figures.failed(spec, reference)
    if isinstance(spec, UntilSpec):
        return until.failed(spec, reference)
    return verdicts.failed(spec, reference)


def _look(look: AnyLook) -> Look:
    if not isinstance(look, Look):
        raise TypeError("Pages are looked at with a dashboard.ui.spec.Look.")
    return look
