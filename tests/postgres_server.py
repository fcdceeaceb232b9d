"""A PostgreSQL server of Debian's packages on loopback, for one test run, when it is installed."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest


def programs() -> Path | None:
    """The folder of initdb and pg_ctl; None when no server is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def programs_or_skip() -> Path:
    """The same; a test that asks is skipped when no server is installed."""
    found = programs()
    if found is None:
        pytest.skip("no PostgreSQL server is installed; make test-postgres brings one")
    return found


def _account() -> dict[str, object]:
    """Whom to run as: the server refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    return {}


@dataclass
class Server:
    """A server in a folder of its own, which tests may stop, freeze, and start again."""

    bin_folder: Path
    folder: str
    port: int

    @property
    def address(self) -> str:
        """Its address for the superuser, who needs no password, without a database's name."""
        return f"postgresql://cds@127.0.0.1:{self.port}"

    def run(self, program: str, *arguments: str) -> None:
        command = [str(self.bin_folder / program), "-D", f"{self.folder}/db", *arguments]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, **_account())  # type: ignore[call-overload]

    def start(self) -> None:
        options = f"-c listen_addresses=127.0.0.1 -p {self.port} -c unix_socket_directories='' -c max_connections=200"
        self.run("pg_ctl", "-w", "-l", f"{self.folder}/log", "-o", options, "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-w", "-m", "immediate", "stop")

    def wait_for_its_end(self) -> None:
        """Returns once a server that ends by itself is gone; fails after a minute."""
        until = time.monotonic() + 60
        while Path(f"{self.folder}/db/postmaster.pid").exists():
            assert time.monotonic() < until, "the server did not end"
            time.sleep(0.05)

    def sql(self, statement: str, database: str = "postgres") -> None:
        """Run one statement as the superuser, outside of a transaction, whatever limits are set."""
        writing = "-c default_transaction_read_only=off"
        with psycopg.connect(f"{self.address}/{database}", autocommit=True, options=writing) as db:
            db.execute(statement)  # type: ignore[arg-type]

    def admit(self, *lines: str) -> None:
        """Let only these lines of ``pg_hba.conf`` say who may come in how."""
        (Path(self.folder) / "db/pg_hba.conf").write_text("".join(f"{line}\n" for line in lines))
        self.run("pg_ctl", "-w", "restart", "-l", f"{self.folder}/log")

    def certify(self) -> None:
        """Switch TLS on, at the next start, with a certificate that the server signed itself."""
        key, certificate = Path(self.folder) / "tls.key", Path(self.folder) / "tls.pem"
        self_signed(key, certificate)
        if owner := _account():
            for file in (key, certificate):
                os.chown(file, int(str(owner["user"])), int(str(owner["group"])))
        for name, value in (("ssl_cert_file", certificate), ("ssl_key_file", key), ("ssl", "on")):
            self.sql(f"ALTER SYSTEM SET {name} = '{value}'")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Every process of the server is stopped in what it does; the kernel still takes its connections."""
        master = int(Path(f"{self.folder}/db/postmaster.pid").read_text().split()[0])
        os.kill(master, signal.SIGSTOP)  # before the others are looked for, so that it starts no more
        children = [*map(int, Path(f"/proc/{master}/task/{master}/children").read_text().split())]
        try:
            _signal(children, signal.SIGSTOP)
            yield
        finally:
            _signal([*children, master], signal.SIGCONT)


def _signal(pids: Iterable[int], sent: signal.Signals) -> None:
    """One that has ended meanwhile, as the process of a closed connection does, needs none."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, sent)


def self_signed(key: Path, certificate: Path) -> None:
    """Write a key and a certificate for localhost that it signed itself."""
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, *files], check=True, capture_output=True)
    key.chmod(0o600)


@contextmanager
def small_disk(size: str) -> Iterator[Path]:
    """A disk of its own for a server, of so many bytes ("16m"); skips where one may not be mounted."""
    account = _account()
    owner = f"uid={account['user']},gid={account['group']}," if account else ""
    with tempfile.TemporaryDirectory(prefix="disk-") as folder:
        mount = ["mount", "-t", "tmpfs", "-o", f"{owner}mode=700,size={size}", "tmpfs", folder]
        try:
            subprocess.run(mount, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("only root may mount a small disk; tests/store has what a full one is told as")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def server(bin_folder: Path, *initdb: str) -> Iterator[Server]:
    """A server that lives as long as the block; ``initdb`` are further options of that program."""
    account = _account()
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        if account:
            os.chown(folder, int(str(account["user"])), int(str(account["group"])))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        made = Server(bin_folder, folder, port)
        made.run("initdb", "-U", "cds", "-A", "trust", "-E", "UTF8", "--no-sync", *initdb)
        made.start()
        try:
            yield made
        finally:
            with suppress(subprocess.CalledProcessError):  # it may be stopped already
                made.stop()
