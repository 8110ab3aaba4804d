"""Who may not come in reads what to do."""

from pathlib import Path

import pytest

from tests.e2e.stage import Stage
from tests.program import running

pytestmark = pytest.mark.browser


def test_without_sign_in_a_public_address_is_refused_in_one_sentence(
    stage: Stage, tmp_path: Path
) -> None:
    told = {"database_url": stage.postgres.url(), "host": "0.0.0.0", "auth": "demo"}  # noqa: S104 - refused
    with running("serve", tmp_path / "log", **told) as program:
        assert program.process.wait(60) == 2
    (sentence,) = program.log.splitlines()
    assert sentence.startswith("ATALAYA_AUTH=demo lets everybody in")
    assert "ATALAYA_AUTH=oidc" in sentence
