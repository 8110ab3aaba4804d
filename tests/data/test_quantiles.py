"""Quantiles made from buckets here, against those that Prometheus makes of the same buckets."""

from datetime import timedelta

import pytest

from data.prometheus import Prometheus, Series
from data.quantiles import Quantile, interpolated, read
from data.signal_definitions import load_definitions
from tests.data.prometheus_history import END, START

RATE = "sum by (le) (rate(http_request_duration_seconds_bucket[5m]))"
QUANTILES = (0.01, 0.5, 0.75, 0.95, 0.99, 1)

# Upper edges with their cumulative counts.
ODD = {
    "usual": {"0.1": 5, "0.5": 15, "1": 20, "+Inf": 20},
    "some beyond the last edge": {"0.1": 5, "0.5": 15, "+Inf": 20},
    "all beyond the last edge": {"0.1": 0, "0.5": 0, "+Inf": 20},
    "empty in between": {"0.1": 5, "0.5": 5, "1": 5, "+Inf": 20},
    "on the edge": {"0.1": 19, "0.5": 19, "1": 20, "+Inf": 20},
    "a count that falls": {"0.1": 5, "0.5": 15, "1": 14, "2": 16, "+Inf": 20},
    "the same edge written twice": {"1": 4, "1.0": 3, "2": 12, "+Inf": 12},
    "edges below zero": {"-1": 12, "0": 13, "1": 20, "+Inf": 20},
    "nothing observed": {"0.1": 0, "0.5": 0, "+Inf": 0},
    "no bucket of +Inf": {"0.1": 5, "0.5": 15},
    "only the bucket of +Inf": {"+Inf": 20},
    "an edge that is no number": {"0.1": 5, "much": 9, "+Inf": 20},
    "a fraction of an observation": {"0.1": 1e-9, "0.5": 3e-9, "+Inf": 3e-9},
}


@pytest.fixture(scope="module")
def prometheus(prometheus_url: str) -> Prometheus:
    return Prometheus(prometheus_url)


@pytest.mark.parametrize("counts", ODD.values(), ids=ODD)
def test_a_quantile_equals_the_one_of_prometheus_whatever_the_buckets_are(
    prometheus: Prometheus, counts: dict[str, float]
) -> None:
    buckets = " or ".join(
        f'label_replace(vector({count}), "le", "{edge}", "", "")' for edge, count in counts.items()
    )
    wanted = [Quantile(1000, q, buckets) for q in QUANTILES]

    lines = interpolated(prometheus.instant(buckets, END), wanted)

    for q, line in zip(QUANTILES, lines, strict=True):
        theirs = prometheus.instant(f"1000 * histogram_quantile({q}, {buckets})", END)
        assert [value for _, value in line.points] == pytest.approx(
            [value for one in theirs for _, value in one.points], rel=1e-12
        ), q


def test_over_a_period_quantiles_equal_those_of_prometheus_at_each_moment(
    prometheus: Prometheus,
) -> None:
    since, until = START - timedelta(minutes=10), END + timedelta(minutes=10)
    buckets = prometheus.range(RATE, since, until, step_s=15)

    lines = interpolated(buckets, [Quantile(1, q, RATE) for q in QUANTILES])

    for q, line in zip(QUANTILES, lines, strict=True):
        query = f"histogram_quantile({q}, {RATE})"
        (theirs,) = prometheus.range(query, since, until, step_s=15)
        assert [at for at, _ in line.points] == [at for at, _ in theirs.points]
        assert [value for _, value in line.points] == pytest.approx(
            [value for _, value in theirs.points], rel=1e-12
        )
        assert len(line.points) > 200


def test_a_rise_that_is_only_rounding_is_none() -> None:
    """Older versions of Prometheus answer 1.5 here: half way through an empty bucket."""
    told = {"1": 19.0, "2": 19.00000000001, "4": 20.0, "+Inf": 20.0}
    lines = [Series({"le": edge}, ((0.0, count),)) for edge, count in told.items()]

    (line,) = interpolated(lines, [Quantile(1, 19.000000000005 / 20, "")])

    assert line.points[0][1] == pytest.approx(2)


def test_the_percentiles_of_all_requests_are_taken_apart_and_nothing_else() -> None:
    found = {name: read(signal.promql) for name, signal in load_definitions().items()}

    assert {name for name, quantile in found.items() if quantile} == {
        "api_latency_p50",
        "api_latency_p95",
        "api_latency_p99",
        "db_query_p95",
    }
    assert found["api_latency_p50"] == Quantile(1000, 0.5, RATE.replace("5m", "{window}"))


@pytest.mark.parametrize(
    "promql",
    [
        None,
        "",
        "max(api_p95)",
        "histogram_quantile(0.95, sum by (le, route) (rate(a_bucket[5m])))",
        "histogram_quantile(0.95, sum by (le) (rate(native[5m])))",
        "histogram_quantile(0.95, sum by (le) (rate(a_bucket[5m]))) / 2",
        "histogram_quantile(0.95, sum by (le) (rate(a_bucket[5m])) + 1)",
        "max(histogram_quantile(0.95, sum by (le) (rate(a_bucket[5m]))))",
        "histogram_quantile(1.5, sum by (le) (rate(a_bucket[5m])))",
        "histogram_quantile(0, sum by (le) (rate(a_bucket[5m])))",
        "histogram_quantile(0.9.5, sum by (le) (rate(a_bucket[5m])))",
    ],
)
def test_what_is_not_plainly_a_quantile_is_left_to_prometheus(promql: str | None) -> None:
    assert read(promql) is None


@pytest.mark.parametrize(
    "promql",
    [
        'histogram_quantile(0.95,sum by(le)(rate(a_bucket{job="b"}[{window}])))',
        'histogram_quantile(\n  .95, sum by (le) (\n rate(a_bucket{job="b"}[{window}])\n )\n)',
    ],
)
def test_spaces_and_lines_do_not_matter(promql: str) -> None:
    found = read(promql)
    assert found is not None
    assert (found.scale, found.q) == (1, 0.95)
    assert 'rate(a_bucket{job="b"}[{window}])' in found.buckets
