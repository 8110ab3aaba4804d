"""`export-rules`: the same thresholds that are drawn on the charts, as alerting rules."""

from pathlib import Path

import click

from data.rules import export_rules
from data.signal_definitions import load_definitions


@click.command("export-rules")
@click.option(
    "--signals",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="ATALAYA_SIGNALS_FILE",
    help="Your own signals.toml; also read from ATALAYA_SIGNALS_FILE. Default: the one shipped.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="File to write. Default: standard output.",
)
def command(signals: Path | None, output: Path | None) -> None:
    """Write the thresholds of all signals as Prometheus alerting rules.

    The line on a chart and the alert that fires come from the same file, so they cannot disagree.
    Check the result with `promtool check rules FILE`, then add it to Prometheus' rule_files.
    """
    rules = export_rules(load_definitions(signals))
    if output is None:
        click.echo(rules, nl=False)
    else:
        output.write_text(rules, encoding="utf-8")
