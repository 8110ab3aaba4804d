"""What a simulated marketplace follows from: four values, kept in the database beside the data."""

from dataclasses import dataclass
from datetime import datetime

from dashboard.demo.platform.incidents import Incident
from dashboard.demo.platform.rhythm import launch_of


@dataclass(frozen=True, slots=True)
class Setting:
    """Seed, size, moment of filling (stories are placed relative to it), and all incidents."""

    seed: int
    events: int
    anchor: datetime
    incidents: tuple[Incident, ...]

    @property
    def launch(self) -> datetime:
        """First local midnight of the history."""
        return launch_of(self.anchor)
