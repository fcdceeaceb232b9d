"""A whole population through the same determination as a hook call, from a bulk export to tables."""

from __future__ import annotations

import os
import sqlite3
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from cds_service.commands import example_population
from cds_service.fhir.dates import instant
from cds_service.replay import run
from cds_service.replay.job import ORDER_CLOCK, RunError, described
from cds_service.replay.local import LocalRun
from cds_service.replay.reading.inputs import InputError, files_of
from cds_service.replay.results import decisions, parquet


class Stopped(click.ClickException):
    """The run could not begin or end; what is said says why."""

    exit_code = 2


@click.command()
@click.argument("inputs", metavar="INPUT...", nargs=-1)
@click.option("--out", metavar="DIR", help="The folder for the results.")
@click.option("--engine", type=click.Choice(["local", "spark"]), default="local", show_default=True)
@click.option(
    "--as-of", "as_of", metavar="order|INSTANT", default=ORDER_CLOCK, show_default=True,
    help="Look at each order as of the day it was written, or at all of them at one ISO instant with an offset.",
)  # fmt: skip
@click.option(
    "--workers", type=click.IntRange(min=1), default=os.cpu_count() or 1, show_default="one a core",
    help="Processes of the local engine.",
)  # fmt: skip
@click.option("--compare", "other", metavar="OTHER_DIR", type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Tell what changed since the run whose results lie there.",
)  # fmt: skip
@click.option("--example", metavar="DIR", type=click.Path(path_type=Path),
    help="Instead of a run, write a made-up population to try it on.",
)  # fmt: skip
@click.option(
    "--members", type=click.IntRange(min=1), default=2000, show_default=True, help="Members of the example."
)
@click.pass_context
def replay(
    context: click.Context, inputs: tuple[str, ...], out: str | None, engine: str, as_of: str, workers: int,
    other: Path | None, example: Path | None, members: int,
) -> None:  # fmt: skip
    """Say what the policies would have said of every order in a FHIR bulk export (NDJSON).

    INPUT are .ndjson or .ndjson.gz files, or folders of them. A run that was killed goes on when called
    again. Ends with 0 when done, 1 when done with lines that could not be used, 2 when not done.
    """
    if example is not None:
        with _stopped():
            example_population.write(example, members)
        click.echo(f"Written to {example}. Next: cds-service replay {example} --out RESULTS")
        return
    if not inputs or out is None:
        raise click.UsageError("INPUT... and --out DIR are needed, or --example DIR")
    clock = _clock(as_of)
    if other is not None and not (other / decisions.NAME).exists():
        raise Stopped(f"--compare: {other} holds no {decisions.NAME}")
    with _stopped(), _folder(out, engine) as folder:
        summary = _run(inputs, folder, engine, clock, workers)
        compared = run.compare(folder, other) if other is not None else None
    _tell(summary, compared, out)
    context.exit(1 if summary["rejects"] else 0)


@contextmanager
def _stopped() -> Iterator[None]:
    """What keeps a run from its end, as a message and status 2."""
    try:
        yield
    except (RunError, InputError) as fault:
        raise Stopped(str(fault)) from None
    except (OSError, sqlite3.Error) as fault:
        raise Stopped(f"{fault}. Nothing was written as a result; when that is mended, call again.") from None
    except KeyboardInterrupt:
        raise Stopped("Interrupted. Nothing was written as a result; call again to go on.") from None
    except click.ClickException:
        raise
    except Exception:
        # Python's own status for an error, 1, would say that the run was done.
        traceback.print_exc()
        raise Stopped("An error of the program ended the run; nothing was written as a result.") from None


@contextmanager
def _folder(out: str, engine: str) -> Iterator[run.Folder]:
    """The folder of the results; Spark may write it to any file system that it knows, by way of one here."""
    if "://" not in out:
        yield run.Folder(Path(out))
        return
    if engine != "spark":
        raise click.UsageError(f"--out {out}: only --engine spark writes there")
    from cds_service.replay.spark import session, taken_out

    with TemporaryDirectory() as held:
        yield run.Folder(Path(held))
        taken_out(session(), Path(held), out)


def _run(
    inputs: tuple[str, ...], folder: run.Folder, engine: str, clock: datetime | None, workers: int
) -> dict[str, Any]:
    """The summary of the run, finished now or before."""
    if not parquet.is_available():
        click.echo(NO_TABLE, err=True)
    begin: Callable[[], run.Engine]
    if engine == "spark":
        from cds_service.replay.spark import SparkRun

        about = described(inputs, clock)
        begin = partial(SparkRun, inputs, clock)
    else:
        files = files_of([Path(given) for given in inputs], folder.out)
        about = described([[f.name, f.size, f.changed] for f in files], clock)
        begin = partial(LocalRun, files, clock, folder.work, workers)
    if folder.is_finished(about):
        click.echo(f"{folder.out} holds this very run, finished before.", err=True)
        run.write_table(folder)
    else:
        with folder.begun(about, goes_on=engine == "local"):
            begun = begin()
            begun.run()
            run.write_up(folder, begun, about)
    summary = folder.finished()
    assert summary is not None
    return summary


NO_TABLE = (
    f"{parquet.NAME} is not written, since pyarrow is not installed; all else is. To have it too, "
    "'make install-replay' or 'pip install pyarrow', and call again."
)


def _clock(as_of: str) -> datetime | None:
    try:
        return None if as_of == ORDER_CLOCK else instant(as_of)
    except ValueError as fault:
        raise click.UsageError(f"--as-of: {fault}") from None


def _tell(summary: dict[str, Any], compared: dict[str, Any] | None, out: str) -> None:
    """What came of it, in a few lines."""
    coverage = ", ".join(
        f"{count} {verdict.replace('-', ' ')}" for verdict, count in summary["coverage"].items()
    )
    click.echo(f"{summary['orders']} orders of {summary['patients']} patients: {coverage}")
    if compared is not None:
        click.echo(
            f"{compared['orders']['changed']} of {compared['orders']['both']} orders changed since {compared['before']}"
        )
    if summary["rejects"]:
        click.echo(f"{summary['rejects']} lines could not be used: see {out}/{run.REJECTS}", err=True)
    click.echo(f"Open {out}/{run.PAGE}")
