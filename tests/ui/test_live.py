"""The refresher: one bad source costs its own panel only, and nobody's absence keeps it asking."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from threading import Event

import pytest

from dashboard.ui.live import Look, Refresher
from tests.eventually import eventually


@dataclass
class Job:
    """A question about nothing, told what to answer."""

    key: str
    source: str = "Postgres"
    answer: Callable[[], object] = lambda: "same"
    asked: int = 0
    built: list[object] = field(default_factory=list)

    def ask(self) -> object:
        self.asked += 1
        return self.answer()

    def build(self, material: object, look: Look) -> bytes:
        self.built.append(material)
        return f"{self.key} {material} {look}".encode()

    def failed(self, reference: str, look: Look) -> bytes:
        del look
        return f"{self.key} failed {bool(reference)}".encode()

    def late(self, material: object | None, since: datetime, look: Look) -> bytes:
        del since, look
        return f"{self.key} late, last {material}".encode()


@pytest.fixture
def refresher() -> Iterator[Refresher]:
    made = Refresher(every_s=0.05, idle_s=30, late_s=0.3)
    yield made
    made.stop()


@pytest.fixture
def released() -> Iterator[Event]:
    """What hanging questions wait for; given at the end, so that a failed test ends too."""
    event = Event()
    yield event
    event.set()


def shown(refresher: Refresher, job: Job, look: str = "light") -> str:
    return (refresher.watch(job, look) or b"").decode()


def test_the_first_look_gets_nothing_and_the_answer_soon(refresher: Refresher) -> None:
    job = Job("a")
    assert refresher.watch(job, "light") is None
    assert refresher.wait({("a", "light")}, 5) == {"a"}
    assert shown(refresher, job) == "a same light"


def test_a_source_that_hangs_costs_its_own_panel_only(
    refresher: Refresher, released: Event
) -> None:
    hanging = [Job(f"slow{n}", "Prometheus", released.wait) for n in range(8)]
    well = Job("well", answer=iter(range(10_000)).__next__)
    for job in (*hanging, well):
        refresher.watch(job, "light")
    eventually(lambda: shown(refresher, well).endswith("light"))
    before = well.asked
    eventually(lambda: shown(refresher, well) and well.asked > before + 3)
    assert [job.asked for job in hanging].count(1) == 4
    assert eventually(lambda: shown(refresher, hanging[0])) == "slow0 late, last None"
    released.set()
    eventually(lambda: all(shown(refresher, job).endswith("True light") for job in hanging))


def test_a_panel_that_hangs_among_others_of_its_source_leaves_them_running(
    refresher: Refresher, released: Event
) -> None:
    slow, well = Job("slow", answer=released.wait), Job("well")
    refresher.watch(slow, "light")
    eventually(lambda: shown(refresher, well) and well.asked > 3)
    assert slow.asked == 1


def test_a_panel_keeps_its_last_picture_while_its_source_is_late(
    refresher: Refresher, released: Event
) -> None:
    answers = iter(["good"])
    job = Job("a", answer=lambda: next(answers, None) or str(released.wait()))
    eventually(lambda: shown(refresher, job) == "a good light")
    eventually(lambda: shown(refresher, job) == "a late, last good")
    released.set()
    eventually(lambda: shown(refresher, job) == "a True light")


def test_a_question_that_raises_fails_alone_and_recovers(refresher: Refresher) -> None:
    broken = [True]

    def answer() -> str:
        if broken[0]:
            raise ZeroDivisionError
        return "well again"

    job, other = Job("a", answer=answer), Job("b")
    eventually(lambda: shown(refresher, job) == "a failed True")
    eventually(lambda: shown(refresher, other) == "b same light")
    broken[0] = False
    eventually(lambda: shown(refresher, job) == "a well again light")


def test_a_drawing_that_raises_fails_alone(refresher: Refresher) -> None:
    job, other = Job("a"), Job("b")

    def build(material: object, look: Look) -> bytes:
        raise KeyError(material)

    job.build = build  # type: ignore[method-assign]  # this job alone draws badly
    eventually(lambda: shown(refresher, job) == "a failed True")
    eventually(lambda: shown(refresher, other) == "b same light")


def test_an_unchanged_answer_is_not_drawn_again_and_stays_the_same_bytes(
    refresher: Refresher,
) -> None:
    job = Job("a")
    eventually(lambda: shown(refresher, job))
    first = refresher.watch(job, "light")
    eventually(lambda: shown(refresher, job) and job.asked > 5)
    assert refresher.watch(job, "light") is first
    assert job.built == ["same"]


def test_viewers_of_one_selection_share_one_ask_and_each_look_is_drawn(
    refresher: Refresher,
) -> None:
    answers = iter(range(10_000))
    jobs = [Job("a", answer=answers.__next__) for _ in range(20)]
    for n, job in enumerate(jobs):
        refresher.watch(job, "light" if n % 2 else "dark")
    eventually(lambda: refresher.wait({("a", "light")}, 1))
    eventually(lambda: shown(refresher, jobs[0], "dark").endswith("dark"))
    assert len(refresher) == 1
    assert sum(job.asked for job in jobs) < 5


def test_what_nobody_looks_at_is_no_longer_asked() -> None:
    now = [0.0]
    refresher = Refresher(every_s=0.05, idle_s=60, clock=lambda: now[0])
    try:
        job = Job("a")
        refresher.watch(job, "light")
        eventually(lambda: refresher.wait({("a", "light")}, 1))
        now[0] = 59.0
        eventually(lambda: job.asked > 1)
        assert len(refresher) == 1
        now[0] = 61.0
        eventually(lambda: len(refresher) == 0)
        asked = job.asked
        assert refresher.watch(job, "light") is None
        eventually(lambda: job.asked > asked)
    finally:
        refresher.stop()


def test_many_panels_are_spread_over_the_interval() -> None:
    refresher = Refresher(every_s=5)
    try:
        for n in range(8):
            refresher.watch(Job(f"p{n}"), "light")
        phases = sorted(watch.phase for watch in refresher._watches.values())
        apart = [b - a for a, b in pairwise(phases)]
        assert min(apart) > 0.25
    finally:
        refresher.stop()
