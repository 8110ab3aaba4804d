"""All parts of the demo, in the order they need each other."""

from contextlib import ExitStack
from typing import Final

import requests

from dashboard.demo import environment, filling
from dashboard.demo.care import Care
from dashboard.demo.parts import prometheus
from dashboard.demo.parts.folder import Folder
from dashboard.demo.parts.ports import LOOPBACK, free_port, must_be_free
from dashboard.demo.parts.postgres import Postgres
from dashboard.demo.parts.prometheus import Prometheus
from dashboard.demo.parts.redis import Redis
from dashboard.demo.steps import Steps
from data import migrations

READY_S: Final = 90


class House:
    """Postgres, Redis, Prometheus, the simulated platform, the worker and the pages."""

    def __init__(self, home: Folder, steps: Steps, stack: ExitStack, *, port: int) -> None:
        self._home = home
        self._steps = steps
        self._port = port
        self._care = Care(home, steps, stack)
        self.postgres = Postgres(home, self._care.guard)
        self.redis = Redis(home, self._care.guard)
        self.prometheus = Prometheus(home, self._care.guard)

    def open(self, *, events: int, seed: int) -> None:
        """Start everything. Raises DemoRefused, SourceDown, OSError, psycopg.Error."""
        self._start_stores()
        self._prepare_database()
        self._fill(events=events, seed=seed)
        self._start_signals()
        self._start_pages()

    def look_after(self) -> None:
        """Start again what ended by itself."""
        self._care.look_after()

    def _start_stores(self) -> None:
        with self._steps.step("Postgres"):
            self._care.take("postgres", self.postgres, self.postgres.start)
        if self.postgres.is_elsewhere:
            self._steps.say(
                f"  Postgres' user cannot reach {self._home.root}: its data is in "
                f"{self.postgres.place}, and clean-demo removes it."
            )
        with self._steps.step("Redis"):
            self._care.take("redis", self.redis, self.redis.start)

    def _prepare_database(self) -> None:
        with self._steps.step("Tables"):
            if not self._home.is_filled:
                self.postgres.drop_database()  # what a start left that was stopped while filling
            self.postgres.make_database()
            migrations.upgrade(self.postgres.url(), self._steps.progress)
            for user, groups in environment.LOGINS.items():
                self.postgres.make_login(user, member_of=groups)

    def _fill(self, *, events: int, seed: int) -> None:
        if not self._home.is_filled:
            with self._steps.step(f"90 days of history, {events:,} events"):
                filling.history(
                    self.postgres.url(),
                    events=events,
                    seed=seed,
                    tell=self._steps.progress,
                )
            self._home.remember(filled=True, events=events, seed=seed)
        elif (kept := self._home.number("events")) != events:
            self._steps.say(f"  The {kept:,} events it has are kept; clean-demo removes them.")
        zone = filling.business_zone()
        if filling.rollups_are_due(self.postgres.url(), zone):
            with self._steps.step("Rollups"):
                filling.make_rollups(self.postgres.url(), zone, tell=self._steps.progress)

    def _start_signals(self) -> None:
        with self.postgres.connect() as connection:
            filling.let_in(connection, environment.PLATFORM)
        port = free_port(self._home.number("exporter_port"))
        self._home.remember(exporter_port=port)
        if self.prometheus.is_present:
            with self._steps.step("History of the metrics"):
                filling.metrics(self.postgres.url(), self.prometheus, tell=self._steps.progress)
        else:
            self._steps.say(f"  {prometheus.ABSENT}")
        with self._steps.step("Live feed of the platform"):
            self._care.python(
                "feed",
                arguments=["dashboard.demo.feed"],
                settings=environment.for_feed(self.postgres, exporter_port=port),
                ready=lambda: _answers(port, "/metrics"),
                within_s=READY_S,
            )
        if self.prometheus.is_present:
            targets = filling.targets(port)
            with self._steps.step("Prometheus"):
                self._care.take(
                    "prometheus", self.prometheus, lambda: self.prometheus.start(targets)
                )

    def _start_pages(self) -> None:
        settings = environment.for_web(
            self._home,
            postgres=self.postgres,
            redis=self.redis,
            prometheus=self.prometheus if self.prometheus.is_present else None,
            port=self._port,
        )
        environment.remember(self._home, settings)
        with self._steps.step("Worker and pages"):
            self._care.python(
                "worker",
                arguments=["dashboard", "worker"],
                settings=settings,
                ready=lambda: True,
                within_s=READY_S,
            )
            must_be_free(self._port)  # filling took minutes: what answers there shall be ours
            self._care.python(
                "web",
                arguments=["dashboard", "serve"],
                settings=settings,
                ready=lambda: _answers(self._port, "/health/live"),
                within_s=READY_S,
            )


def _answers(port: int, path: str) -> bool:
    try:
        return requests.get(f"http://{LOOPBACK}:{port}{path}", timeout=2).status_code == 200
    except requests.RequestException:
        return False
