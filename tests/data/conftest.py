from collections.abc import Iterator

import pytest
from redis import Redis

from tests import redis_server
from tests.data import prometheus_history


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with redis_server.running() as url:
        yield url


@pytest.fixture
def redis_client(redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(redis_url) as client:
        client.flushall()
        yield client


@pytest.fixture(scope="session")
def prometheus_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus that knows the hour of `prometheus_history`; only read from."""
    with prometheus_history.serving(tmp_path_factory.mktemp("prometheus")) as url:
        yield url
