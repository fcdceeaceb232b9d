"""A signed call of a running service, as an EHR would make it: to try a set-up, and to show how it is done."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from cds_service.crd.coverage_information import URL as COVERAGE_INFORMATION
from cds_service.evaluation.refused import Refused
from cds_service.evaluation.saved_request import saved_request
from cds_service.fhir.json_types import as_dict, as_dicts, as_list, as_text
from cds_service.json_text import NotStrictJson, read_json
from cds_service.settings.addresses import PRIVATE_RANGES, AllowedBases
from cds_service.settings.tenants import Network, is_loopback
from cds_service.trust.failures import OutboundError
from cds_service.trust.outbound import Outbound, Response
from cds_service.trust.own_keys import OwnKey, OwnKeyError, own_keys_from

DEFAULT_URL = "http://127.0.0.1:8080/cds-services/inotuzumab-order-sign"
LIFETIME_S = 300
PATIENCE_S = 30.0
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_REFUSED = """\
the JWT was refused. The answer does not say why; the service does, to whoever runs it:
  its log has a line "caller refused" with the reason,
  /metrics counts cds_jwt_refusals_total by the same reasons.
Sent were iss={issuer}, kid={kid}, aud={audience}, signed with {algorithm}.
Its trust file must name that issuer and hold that key; its CDS_PUBLIC_URL must begin that audience."""


@click.command()
@click.option("--issuer", required=True, help="The issuer in the service's trust file.")
@click.option("--key", "key_file", required=True, type=_FILE, help="The private key, PEM.")
@click.option("--kid", help="The key's id in the JWK set; left out: as keys new makes it.")
@click.option("--url", default=DEFAULT_URL, show_default=True, help="The CDS service to call.")
@click.option("--audience", help="The JWT's audience where the service's public address is not the URL.")
@click.option("--ca-file", type=_FILE, help="Authorities for the URL, beside the usual ones.")
@click.argument("request_file", metavar="REQUEST.json", type=_FILE)
def call(
    issuer: str,
    key_file: Path,
    kid: str | None,
    url: str,
    audience: str | None,
    ca_file: Path | None,
    request_file: Path,
) -> None:
    """Send one saved order-sign request with a signed JWT; print the status and the cards.

    A request of a folder that holds resources.json beside it is sent with those as its prefetch. Ends
    with status 1 unless it is answered 200.
    """
    key = _key(key_file, kid)
    claims = _claims(issuer, audience or url)
    try:
        request = saved_request(request_file)
    except Refused as refused:
        raise click.ClickException(refused.text) from None
    answer = _sent(url, request, key.sign(claims), ca_file)
    click.echo(f"{answer.status} from {url}")
    if answer.status == 401:
        sent = _REFUSED.format(issuer=issuer, kid=key.kid, audience=claims["aud"], algorithm=key.algorithm)
        raise click.ClickException(sent)
    body = _object(answer.body)
    if answer.status != 200:
        raise click.ClickException(_said(body) or "the answer says no more")
    cards, actions = list(as_dicts(body.get("cards"))), list(as_dicts(body.get("systemActions")))
    for action in actions:
        click.echo(f"\n[{action.get('type')}] {action.get('description')}: {', '.join(_coded(action))}")
    for line in (line for card in cards for line in _lines(card)):
        click.echo(line)
    if not cards and not actions:
        click.echo("no cards: the service has nothing to say about this order")


def _key(file: Path, kid: str | None) -> OwnKey:
    try:
        key = own_keys_from(file.read_text())[0]
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file} cannot be read: {error}") from None
    except OwnKeyError as fault:
        raise click.ClickException(f"{file}: {fault}") from None
    return replace(key, kid=kid) if kid else key


def _claims(issuer: str, audience: str) -> dict[str, object]:
    """What CDS Hooks asks of a client's JWT: used once, for one address, for minutes."""
    now = int(time.time())
    return {"iss": issuer, "aud": audience, "iat": now, "exp": now + LIFETIME_S, "jti": str(uuid.uuid4())}


def _sent(url: str, body: bytes, jwt: str, ca_file: Path | None) -> Response:
    # The caller has named this one service: it may be on this machine or in any private network.
    own = Network(private_networks=PRIVATE_RANGES, ca_file=ca_file)
    door = Outbound(loopback=is_loopback(urlsplit(url).hostname or ""), network=own)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {jwt}"}
    try:
        return door.post(
            url,
            body=body,
            headers=headers,
            allowed=AllowedBases((url,)),
            deadline=time.monotonic() + PATIENCE_S,
        )
    except OutboundError as failure:
        raise click.ClickException(f"{url}: {failure.detail}") from None


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        return as_dict(read_json(body))
    except NotStrictJson:
        return {}


def _said(outcome: Mapping[str, Any]) -> str:
    """The texts of an OperationOutcome, with the members they are about."""
    texts = []
    for issue in as_dicts(outcome.get("issue")):
        parts = [as_text(as_dict(issue.get("details")).get("text")), as_text(issue.get("diagnostics"))]
        texts += [part for part in parts if part]
        texts += [f"({member})" for member in as_list(issue.get("expression"))]
    return " ".join(texts)


def _coded(action: Mapping[str, Any]) -> Iterator[str]:
    """``covered=conditional`` and the like: the codes of the coverage-information that an action puts on its order."""
    for extension in as_dicts(as_dict(action.get("resource")).get("extension")):
        if extension.get("url") == COVERAGE_INFORMATION:
            for part in as_dicts(extension.get("extension")):
                if (code := as_text(part.get("valueCode"))) is not None:
                    yield f"{part.get('url')}={code}"


def _lines(card: Mapping[str, Any]) -> Iterator[str]:
    kind = as_dict(as_dict(card.get("extension")).get("payer-policy-cds")).get("kind")
    yield f"\n[{card.get('indicator')}] {kind}: {card.get('summary')}"
    detail = as_text(card.get("detail")) or ""
    yield from (f"    {line}" for line in detail.replace("**", "").replace("\\", "").splitlines())
    for suggestion in as_dicts(card.get("suggestions")):
        yield f"    offers: {suggestion.get('label')}"
    for link in as_dicts(card.get("links")):
        yield f"    link: {link.get('label')}"
