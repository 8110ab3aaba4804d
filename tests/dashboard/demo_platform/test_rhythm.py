"""How traffic rises and falls: growth, week, day and region."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from dashboard.demo.platform.rhythm import DAY_S, HOUR_S, daily, epoch, growth, launch_of, load
from tests.dashboard.demo_platform.conftest import NOW, Rows

# The first test fills the marketplace, which takes a while on a busy machine.
pytestmark = pytest.mark.timeout(400)


def test_history_begins_at_local_midnight_ninety_days_before_the_day_of_filling() -> None:
    assert launch_of(NOW) == datetime(2026, 8, 22, 3, tzinfo=UTC)
    late_evening = datetime(2026, 11, 21, 2, 59, tzinfo=UTC)  # still the 20th in Argentina
    assert launch_of(late_evening) == launch_of(NOW)


def test_growth_starts_as_a_trickle_and_never_jumps() -> None:
    days = np.arange(0, 90, 0.1)
    size = growth(days)
    assert size[0] < 0.15
    assert size[-1] > 1.5
    assert size.mean() == pytest.approx(1, rel=0.03)
    assert np.abs(np.diff(size)).max() < 0.05


def test_traffic_is_continuous_across_midnights_and_the_anchor() -> None:
    launch = launch_of(NOW)
    around = epoch(NOW) + np.arange(-3 * DAY_S, 3 * DAY_S, 60.0)
    traffic = load(around, launch=launch)
    assert (np.abs(np.diff(traffic)) / traffic[1:]).max() < 0.03


def test_the_interior_sleeps_after_lunch_and_the_cities_do_not() -> None:
    three_in_the_afternoon = np.array([epoch(datetime(2026, 11, 18, 18, 0, tzinfo=UTC))])
    noon = three_in_the_afternoon - 4 * HOUR_S
    siesta = daily(three_in_the_afternoon, siesta=True) / daily(noon, siesta=True)
    metro = daily(three_in_the_afternoon, siesta=False) / daily(noon, siesta=False)
    assert siesta[0] < 0.4
    assert metro[0] > 0.8


def test_rows_follow_the_rhythm_of_hours_and_weekdays(ask: Rows) -> None:
    hours: dict[int, int] = dict(ask("""
        select extract(hour from started_at at time zone 'America/Argentina/Buenos_Aires')::int,
            count(*) from sessions group by 1
    """))  # fmt: skip
    assert hours[20] > 8 * hours[4]
    weekdays: dict[int, int] = dict(ask("""
        select extract(isodow from started_at at time zone 'America/Argentina/Buenos_Aires')::int,
            count(*) from sessions where started_at < %(until)s group by 1
    """, until=NOW - timedelta(days=6)))  # fmt: skip
    assert weekdays[6] > 1.3 * weekdays[7]


def test_regions_have_their_own_afternoon(ask: Rows) -> None:
    shares: dict[str, float] = dict(ask("""
        select p.iso, count(*) filter (where h between 13 and 15)::float8 / count(*)
        from (select province,
            extract(hour from started_at at time zone 'America/Argentina/Buenos_Aires') as h
            from sessions) s
        join provinces p on p.id = s.province where p.iso in ('AR-B', 'AR-M') group by 1
    """))  # fmt: skip
    assert shares["AR-M"] < 0.7 * shares["AR-B"]


def test_the_platform_grows(ask: Rows) -> None:
    ((early, late),) = ask("""
        select count(*) filter (where started_at < %(now)s - interval '76 days'),
            count(*) filter (where started_at > %(now)s - interval '14 days')
        from sessions
    """, now=NOW)  # fmt: skip
    assert late > 2.5 * early
