"""Commands on what is kept: the schema, the audit trail, feedback, retention, and disputes."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections import Counter

import click

from cards.text import plain_line
from cds_service.commands.start import database_or_exit, settings_or_exit
from cds_service.evaluation.decision import read
from cds_service.hooks.services import dialect_of
from cds_service.json_text import write_json
from cds_service.policies import installed
from cds_service.store import audit_trail, feedback, retention
from cds_service.store.audit_trail import Link
from cds_service.store.decisions import Decisions

_LONGEST_REASON = 64  # characters of one reason in the report
# What a spreadsheet takes for the start of a formula, in full width too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_COLUMNS = ("kind", "shown", "accepted", "overridden", "silent", "reasons")


@click.group()
def db() -> None:
    """Create or upgrade the tables."""


@db.command()
def upgrade() -> None:
    """Bring the database's schema up to date; may run while workers start."""
    with database_or_exit(settings_or_exit(), ready=False) as database:
        click.echo(f"schema version {database.upgrade()}")


@click.group()
def audit() -> None:
    """Read and check the audit trail."""


@audit.command()
def export() -> None:
    """Print the audit trail as NDJSON of FHIR R4 AuditEvents, oldest first."""
    with database_or_exit(settings_or_exit()) as database:
        for event in audit_trail.exported(database):
            click.echo(event)


@audit.command()
@click.option("--head", "noted", metavar="SEQ:HASH", help="A head printed before, which must still be there.")
def verify(noted: str | None) -> None:
    """Check that no kept event was changed, removed or put in between; ends with status 1 if one was.

    Note the head that is printed in another place: it catches a trail that was written anew.
    """
    with database_or_exit(settings_or_exit()) as database:
        found = audit_trail.verified(database, _link(noted) if noted is not None else None)
    if found.fault is not None:
        raise click.ClickException(f"after {found.events} good events: {found.fault}")
    click.echo(f"{found.events} events, unbroken; head {found.head}")


def _link(noted: str) -> Link:
    seq, colon, digest = noted.partition(":")
    if not (seq.isdecimal() and colon and len(digest) == 64):
        raise click.ClickException("--head is written SEQ:HASH, as this command prints it")
    return Link(int(seq), digest)


@click.command()
@click.option("--csv", "as_csv", is_flag=True, help="Print the table as CSV.")
@click.option("--by-rule", is_flag=True, help="One line for each rule instead of each kind of card.")
@click.option("--items", "as_items", is_flag=True, help="Print every stored item as NDJSON instead.")
def feedback_report(as_csv: bool, by_rule: bool, as_items: bool) -> None:
    """What became of the cards: shown, accepted, overridden and silent by kind or rule, with the reasons.

    Numbers are of different cards, and the latest feedback on a card counts. A card counts with each rule
    of the findings that gave it its urgency.
    """
    columns = ("rule" if by_rule else _COLUMNS[0], *_COLUMNS[1:])
    with database_or_exit(settings_or_exit()) as database:
        if as_items:
            for item in feedback.items(database):
                click.echo(json.dumps(item))  # in ASCII: no text of a caller's steers the terminal
            return
        rows = [
            (k.kind, str(k.shown), str(k.accepted), str(k.overridden), str(k.silent), _reasons(k))
            for k in feedback.report(database, by_rule=by_rule)
        ]
    if as_csv:
        quoted = [[_cell(text) for text in row] for row in rows]
        csv.writer(sys.stdout, lineterminator="\n").writerows([columns, *quoted])
        return
    widths = [max(len(row[column]) for row in (columns, *rows)) for column in range(len(columns))]
    for row in (columns, *rows):
        cells = (
            text.ljust(width) if place in (0, 5) else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        click.echo("  ".join(cells).rstrip())


def _reasons(kind: feedback.KindReport) -> str:
    """The reasons with their numbers. A code is whatever the caller sent: one visible line of it is shown."""
    shown: Counter[str] = Counter()
    for reason, count in kind.reasons.items():
        shown[plain_line(reason)[:_LONGEST_REASON] or "other"] += count
    return "; ".join(f"{reason}: {count}" for reason, count in sorted(shown.items()))


def _cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


@click.command()
def purge() -> None:
    """Remove what has been kept for as long as settings say; may run while the service does."""
    settings = settings_or_exit()
    kept = retention.Retention(settings.audit_days, settings.feedback_days, settings.dispute_days)
    with database_or_exit(settings) as database:
        for name, count in retention.purge(database, kept, time.time).items():
            click.echo(f"{count:8} {name}")


@click.command()
@click.argument("card", metavar="CARD-UUID")
def replay_decision(card: str) -> None:
    """Decide again, offline, what a card of this id was shown for, and print the response.

    The coverage-assertion-id of a CRD answer is taken as well. The answer is that of the service which was called.
    Ends with status 1 when the answer differs from the one given then: the policy or the program
    has changed since. Decisions are kept only while CDS_DISPUTE_DAYS is set.
    """
    settings = settings_or_exit()
    with database_or_exit(settings) as database:
        content = Decisions(database, settings.secret_keys).latest(card)
    if content is None:
        raise click.ClickException("no decision is kept for this card, or its key is no longer known")
    try:
        grounds, given = read(content)
        dialect = dialect_of(grounds.service)
    except ValueError as fault:
        raise click.ClickException(str(fault)) from None
    again = write_json(dialect.said(grounds, grounds.determinations(installed())).body)
    click.echo(again)
    if again != given:
        raise click.ClickException("the answer given then was another one")
    click.echo(f"the same {len(given.encode())} bytes as given on {grounds.clock.isoformat()}", err=True)


COMMANDS = (db, audit, feedback_report, purge, replay_decision)
