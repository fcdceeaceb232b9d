"""Making a key pair: a private key that stays here, and the JWK set that others verify with."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from cds_service.trust.own_keys import new_private_key, own_keys_from, published


@click.group()
def keys() -> None:
    """Make keys for signing."""


@keys.command()
@click.argument("kind", type=click.Choice(["ec", "rsa"]), default="ec")
@click.option(
    "--out", "folder", required=True, metavar="DIR", type=click.Path(file_okay=False, path_type=Path),
    help="Where private.pem and jwks.json are written; neither may be there yet.",
)  # fmt: skip
def new(kind: str, folder: Path) -> None:
    """Make a P-384 key (ec, for ES384) or an RSA key of 3072 bits (rsa, for RS384).

    private.pem can be read by its owner only. jwks.json holds the public part: it is what the other
    side is given.
    """
    pem = new_private_key(kind)
    own = own_keys_from(pem)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.ClickException(f"{folder}: {error.strerror}") from None
    private, public = folder / "private.pem", folder / "jwks.json"
    _write_new(private, pem, 0o600)
    _write_new(public, json.dumps(published(own), indent=2) + "\n", 0o644)
    click.echo(f"{private}: signs with {own[0].algorithm}; keep it secret\n{public}: for whoever verifies")
    click.echo(f"kid: {own[0].kid}")


def _write_new(path: Path, text: str, mode: int) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
            file.write(text)
    except FileExistsError:
        raise click.ClickException(f"{path} is there already and is left as it is") from None
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from None
