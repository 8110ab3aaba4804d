"""Each story of docs/demo-stories.md, asked of the database in the way a page would."""

from datetime import timedelta

import pytest

from dashboard.demo.platform.incidents import Incident, Kind
from dashboard.demo.platform.rhythm import epoch
from tests.dashboard.demo_platform.conftest import NOW, SETTING, Rows

# The first test fills the marketplace, which takes a while on a busy machine.
pytestmark = pytest.mark.timeout(400)


def latest(kind: Kind) -> Incident:
    return max(
        (one for one in SETTING.incidents if one.kind == kind), key=lambda one: epoch(one.since)
    )


def inside(incident: Incident) -> dict[str, object]:
    """Its middle part: the ramps at both ends belong to neither side."""
    ramp = timedelta(minutes=3)
    return {"since": incident.since + ramp, "until": incident.until - ramp}


def test_the_stories_of_the_day_are_over_and_less_than_a_day_old() -> None:
    for kind in ("payments", "latency", "queue"):
        story = latest(kind)
        assert NOW - timedelta(hours=24) < story.since < story.until < NOW, kind


def test_the_payment_outage_shows_in_payments_webhooks_health_errors_and_alerts(ask: Rows) -> None:
    outage = latest("payments")
    # One outage holds few payments in a small marketplace, so all of them are counted.
    outages = [one for one in SETTING.incidents if one.kind == "payments"]
    counts = [
        ask("""
            select count(*) filter (where failure_reason = 'gateway_timeout'), count(*)
            from payments where gateway = %(gateway)s
                and created_at >= %(since)s and created_at < %(until)s
        """, gateway=one.target, **inside(one))[0]
        for one in outages
    ]  # fmt: skip
    assert counts[0][1] > 0
    assert sum(tried for _, tried in counts) >= 3
    assert sum(lost for lost, _ in counts) > 0.6 * sum(tried for _, tried in counts)
    ((usual,),) = ask("""
        select avg((coalesce(failure_reason, '') = 'gateway_timeout')::int)::float8 from payments
        where created_at between %(until)s - interval '10 days' and %(until)s - interval '1 hour'
    """, until=outage.since)  # fmt: skip
    assert usual < 0.02
    ((during,), (before,)) = (
        ask("""
            select min(value) from production_metrics
            where name = 'webhook_success_pct' and labels ->> 'provider' = 'mercadopago'
                and recorded_at >= %(since)s and recorded_at < %(until)s
        """, since=since, until=since + timedelta(minutes=30))[0]
        for since in (outage.since + timedelta(minutes=4), outage.since - timedelta(hours=1))
    )  # fmt: skip
    assert during < 40
    assert before > 99
    assert ("down",) in ask("""
        select distinct status from system_health_status where component = 'mercadopago'
            and checked_at >= %(since)s and checked_at < %(until)s
    """, **inside(outage))  # fmt: skip
    ((errors,),) = ask("""
        select count(*) from production_errors where kind = 'GatewayTimeout'
            and occurred_at >= %(since)s and occurred_at < %(until)s
    """, **inside(outage))  # fmt: skip
    assert errors > 20
    ((severity, status, begins, ends),) = ask("""
        select severity, status, started_at, resolved_at from production_alerts
        where rule = 'webhook_success_pct' and started_at >= %(since)s
    """, since=outage.since)  # fmt: skip
    assert (severity, status) == ("critical", "resolved")
    assert outage.since < begins < outage.until < ends < NOW


def test_the_slow_release_is_a_deploy_then_latency_then_a_rollback(ask: Rows) -> None:
    release = latest("latency")
    deploys = ask("""
        select service, status, deployed_at from deploys
        where deployed_at >= %(since)s - interval '2 minutes' and deployed_at <= %(until)s
            and service = 'api' order by deployed_at
    """, since=release.since, until=release.until)  # fmt: skip
    assert deploys[0][1] == "rolled_back"
    assert deploys[0][2] < release.since
    assert deploys[-1][1:] == ("succeeded", release.until)
    figures: dict[str, float] = dict(ask("""
        select case when recorded_at < %(since)s then 'before' when recorded_at < %(until)s
            then 'during' else 'after' end, avg(value)
        from production_metrics
        where name = 'api_latency_p95_by_route' and labels ->> 'route' = '/api/search'
            and recorded_at between %(since)s - interval '30 minutes'
                and %(until)s + interval '20 minutes'
        group by 1
    """, **inside(release)))  # fmt: skip
    assert figures["during"] > 400
    assert figures["before"] < 160
    assert figures["after"] < 0.6 * figures["during"]
    ((overall,),) = ask("""
        select min(value) from production_metrics where name = 'api_latency_p95'
            and recorded_at >= %(since)s and recorded_at < %(until)s
    """, **inside(release))  # fmt: skip
    assert overall > 200
    assert ask("""
        select status from production_alerts
        where rule = 'api_latency_p95' and started_at >= %(since)s
    """, since=release.since) == [("resolved",)]  # fmt: skip


def test_the_surge_fills_one_province_and_only_that(ask: Rows) -> None:
    surge = latest("surge")
    rows: dict[str, float] = dict(ask("""
        select p.iso, count(*) filter (where started_at >= %(since)s)::float8
            / greatest(count(*) filter (where started_at < %(since)s), 1)
        from sessions s join provinces p on p.id = s.province
        where p.iso in ('AR-X', 'AR-B')
            and (started_at >= %(since)s and started_at < %(until)s
                or started_at >= %(since)s - interval '7 days'
                and started_at < %(until)s - interval '7 days')
        group by 1
    """, since=surge.since, until=surge.until))  # fmt: skip
    assert rows["AR-X"] > 2.2
    assert 0.6 < rows["AR-B"] < 1.6
    assert ask("""
        select severity from production_alerts where rule = 'region_traffic'
    """) == [("info",)]


def test_the_import_queue_fails_for_one_reason_again_and_again(ask: Rows) -> None:
    queue = latest("queue")
    rows = ask("""
        select state, reason, count(*) from job_history where queue = 'contact-import'
            and finished_at >= %(since)s and finished_at < %(until)s
        group by 1, 2 order by 3 desc
    """, **inside(queue))  # fmt: skip
    state, reason, most = rows[0]
    assert state == "failed"
    assert "telefono" in reason
    assert most > 0.8 * sum(row[2] for row in rows)
    assert most > 20
    ((other,),) = ask("""
        select avg((state = 'failed')::int)::float8 from job_history
        where queue = 'email-notifications' and finished_at >= %(since)s and finished_at < %(until)s
    """, **inside(queue))  # fmt: skip
    assert other < 0.1
    assert ask("""
        select labels ->> 'queue' from production_alerts
        where rule = 'queue_failed_pct' and started_at >= %(since)s
    """, since=queue.since) == [("contact-import",)]  # fmt: skip


def test_the_viral_code_brings_people_by_whatsapp(ask: Rows) -> None:
    viral = latest("viral")
    during, before = (
        ask("""
            select count(*)
            from beta_user_access a join beta_invite_codes c on c.id = a.invite_code_id
            where c.code = %(code)s and granted_at >= %(since)s
                and granted_at < %(since)s + interval '2 days'
        """, code=viral.target, since=since)[0][0]
        for since in (viral.since, viral.since - timedelta(days=4))
    )  # fmt: skip
    assert during > 10 * max(before, 1)
    ((share, usual),) = ask("""
        select avg((r.code = 'whatsapp')::int) filter (where started_at >= %(since)s)::float8,
            avg((r.code = 'whatsapp')::int) filter (where started_at < %(since)s)::float8
        from sessions s join referrals r on r.id = s.referral
        where started_at >= %(since)s - interval '7 days' and started_at < %(until)s
    """, since=viral.since, until=viral.until)  # fmt: skip
    assert share > usual + 0.02


def test_a_flag_changed_and_a_third_party_is_slow_right_now(ask: Rows) -> None:
    ((minutes,),) = ask("""
        select extract(epoch from %(now)s - max(occurred_at))::float8 / 60 from activity_logs
        where action = 'flag.update'
    """, now=NOW)  # fmt: skip
    assert minutes == pytest.approx(132, abs=1)
    still_open = ask("""
        select severity, labels ->> 'component' from production_alerts where status = 'open'
    """)
    assert still_open == [("warning", "afip")]
