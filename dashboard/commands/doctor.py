"""`doctor`: is everything that Atalaya depends on as it should be, and if not, what to do."""

import json
import sys

import click

from dashboard import doctor
from dashboard.settings import load


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print findings as JSON, for machines.")
def command(*, as_json: bool) -> None:
    """Check database, roles, migrations, Redis, Prometheus, every signal, clocks and the worker.

    Each finding says what to do. Exit status: 0 when everything required holds, 1 when something
    does not, 2 when the settings cannot be used. Shows no password and no address with one.
    """
    findings = doctor.examine(load())
    if as_json:
        click.echo(json.dumps(doctor.report(findings), indent=2, ensure_ascii=False))
    else:
        for each in findings:
            click.echo(f"{_mark(each)} {each.check:<10} {each.message}")
            if not each.ok:
                click.echo(f"{'-> ':>18}{each.remedy}")
        click.echo(doctor.verdict(findings))
    sys.exit(0 if doctor.holds(findings) else 1)


def _mark(finding: doctor.Finding) -> str:
    if finding.ok:
        return "ok  "
    return "FAIL" if finding.required else "note"
