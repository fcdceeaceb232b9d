"""The samples for systemd and nginx: accepted by those programs, and the proxy does what it is there for."""

from __future__ import annotations

import http.client
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.ehr.hospital import Authority

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted(path.name for path in DEPLOY.iterdir() if path.suffix in (".service", ".timer"))
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
NAME = "cds.example.org"

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
needs_nginx = pytest.mark.skipif(NGINX is None, reason="nginx is not installed; Debian has nginx-light")


@pytest.fixture
def units(tmp_path: Path) -> list[str]:
    """The units, with programs that are there."""
    programs = tmp_path / "opt" / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("gunicorn", "cds-service"):
        (programs / name).touch(mode=0o755)
    for name in UNITS:
        text = (DEPLOY / name).read_text().replace("/opt/payer-policy-cds", str(tmp_path / "opt"))
        (tmp_path / name).write_text(text)
    return [str(tmp_path / name) for name in UNITS]


@needs_systemd
def test_systemd_accepts_the_units_without_a_word(units: list[str]) -> None:
    checked = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True)

    assert (checked.returncode, checked.stderr) == (0, "")


@needs_systemd
def test_systemd_would_refuse_a_unit_with_a_fault(units: list[str]) -> None:
    service = Path(next(unit for unit in units if unit.endswith("/payer-policy-cds.service")))
    service.write_text(service.read_text().replace("RestartSec=5", "RestartSeconds=5"))

    checked = subprocess.run(["systemd-analyze", "verify", str(service)], capture_output=True, text=True)
    assert "RestartSeconds" in checked.stderr


def test_every_unit_is_confined_and_the_service_is_started_again_for_ever() -> None:
    for name in (name for name in UNITS if name.endswith(".service")):
        text = (DEPLOY / name).read_text()
        for line in (
            "NoNewPrivileges=true",
            "ProtectSystem=strict",
            "ProtectHome=true",
            "CapabilityBoundingSet=",
        ):
            assert f"\n{line}\n" in text, (name, line)
    service = (DEPLOY / "payer-policy-cds.service").read_text()
    for line in (
        "RestartSec=5",
        "StartLimitIntervalSec=0",
        "After=network-online.target",
        "WantedBy=multi-user",
    ):
        assert line in service
    assert "--bind 127.0.0.1:8080" in service


class Upstream(BaseHTTPRequestHandler):
    """In the service's place: keeps what it was asked, answers 200."""

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        self.server.seen.append((self.path, dict(self.headers), len(body)))  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: Any) -> None:
        pass


@dataclass
class Proxied:
    """The running sample: its ports, what reached the service, and the client's side of TLS."""

    plain: int
    tls: int
    seen: list[tuple[str, dict[str, str], int]]
    context: ssl.SSLContext

    @contextmanager
    def socket(self, name: str = NAME) -> Iterator[ssl.SSLSocket]:
        raw = socket.create_connection(("127.0.0.1", self.tls), timeout=30)
        with self.context.wrap_socket(raw, server_hostname=name) as connection:
            yield connection

    def ask(self, request: bytes) -> int:
        """The status of one request."""
        with self.socket() as connection:
            connection.sendall(request)
            return _status(connection)


def _status(connection: socket.socket) -> int:
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    answer.read()
    return answer.status


def request(path: str, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"{'POST' if body else 'GET'} {path} HTTP/1.1", f"Host: {NAME}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def configured(folder: Path, upstream: int, plain: int, tls: int) -> Path:
    """A whole configuration of nginx around the sample, on other ports and with a certificate that is there."""
    authority = Authority(folder)
    authority.context_for(NAME)
    text = (DEPLOY / "nginx.conf").read_text()
    for old, new in (
        ("127.0.0.1:8080", f"127.0.0.1:{upstream}"),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl", f"listen 127.0.0.1:{tls} ssl"),
        ("/etc/ssl/payer-policy-cds/fullchain.pem", str(folder / f"{NAME}.pem")),
        ("/etc/ssl/payer-policy-cds/privkey.pem", str(folder / f"{NAME}.pem")),
    ):
        assert old in text
        text = text.replace(old, new)
    (folder / "site.conf").write_text(text)
    paths = "".join(
        f"  {name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = folder / "nginx.conf"
    whole.write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\n{paths}  include {folder}/site.conf;\n}}\n"
    )
    return whole


@needs_nginx
def test_nginx_accepts_the_sample(tmp_path: Path) -> None:
    whole = configured(tmp_path, 8080, free_port(), free_port())
    checked = subprocess.run(
        [str(NGINX), "-t", "-e", f"{tmp_path}/error.log", "-c", str(whole)], capture_output=True, text=True
    )

    assert checked.returncode == 0, checked.stderr
    assert "ssl_protocols TLSv1.2 TLSv1.3;" in (DEPLOY / "nginx.conf").read_text()
    assert "warn" not in checked.stderr


@pytest.fixture
def proxied(tmp_path: Path) -> Iterator[Proxied]:
    upstream = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    upstream.seen = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=upstream.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    plain, tls = free_port(), free_port()
    whole = configured(tmp_path, upstream.server_port, plain, tls)
    nginx = subprocess.Popen(
        [str(NGINX), "-e", f"{tmp_path}/error.log", "-c", str(whole)], stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(plain, nginx)
        context = ssl.create_default_context(cafile=tmp_path / "hospital-ca.pem")
        yield Proxied(plain, tls, upstream.seen, context)  # type: ignore[attr-defined]
    finally:
        nginx.terminate()
        nginx.wait(30)
        upstream.shutdown()
        thread.join()
        upstream.server_close()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("nginx did not start")


@needs_nginx
def test_the_proxy_says_who_called_and_nobody_else_can(proxied: Proxied) -> None:
    assert proxied.ask(request("/cds-services", X_Forwarded_For="8.8.8.8")) == 200
    [(path, headers, _)] = proxied.seen
    assert (path, headers["X-Forwarded-For"], headers["Host"]) == ("/cds-services", "127.0.0.1", NAME)


@needs_nginx
def test_plain_http_is_sent_to_https(proxied: Proxied) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", proxied.plain, timeout=30)
    connection.request("GET", "/cds-services?x=1", headers={"Host": NAME})
    answer = connection.getresponse()
    connection.close()
    assert (answer.status, answer.getheader("Location")) == (308, f"https://{NAME}/cds-services?x=1")
    assert proxied.seen == []


@needs_nginx
def test_the_metrics_are_for_the_metrics_server_alone(proxied: Proxied) -> None:
    assert proxied.ask(request("/metrics")) == 403
    assert proxied.seen == []
    assert proxied.ask(request("/healthz")) == 200


@needs_nginx
def test_a_body_that_is_too_large_does_not_reach_the_service(proxied: Proxied) -> None:
    assert proxied.ask(request("/x", b"x" * (8 * 1024 * 1024))) == 200
    head = request("/x").replace(b"GET", b"POST").replace(b"Content-Length: 0", b"Content-Length: 8388609")
    assert proxied.ask(head) == 413
    assert [length for _, _, length in proxied.seen] == [8 * 1024 * 1024]


@needs_nginx
def test_a_slow_body_is_waited_for_by_the_proxy(proxied: Proxied) -> None:
    """Half a request is sent, then a whole one on another connection, which alone reaches the service."""
    whole = request("/slow", b"x" * 1000)
    with proxied.socket() as slow:
        slow.sendall(whole[:-500])
        assert proxied.ask(request("/quick")) == 200
        assert [path for path, _, _ in proxied.seen] == ["/quick"]
        slow.sendall(whole[-500:])
        assert _status(slow) == 200
    assert [path for path, _, _ in proxied.seen] == ["/quick", "/slow"]


@needs_nginx
def test_another_name_gets_no_answer(proxied: Proxied) -> None:
    with pytest.raises(ssl.SSLError), proxied.socket("other.example.org"):
        pass


def test_the_operations_page_names_every_sample() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    named = set(re.findall(r"deploy/([\w.-]+\w)", page))

    assert named == {path.name for path in DEPLOY.iterdir()}
