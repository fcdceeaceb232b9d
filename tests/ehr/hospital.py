"""A hospital's network in pretence: names, private addresses, its own authority, a proxy.

``Lan`` stands where the operating system finds and connects machines; everything above it is real:
the checks, TLS, HTTP. A machine is a server on loopback that has another address on the ``Lan``.
"""

import datetime
import socket
import ssl
import threading
from contextlib import contextmanager, suppress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cds_service.trust import peers
from tests.ehr.hostile import Ehr, running

_PEM = serialization.Encoding.PEM


class Authority:
    """A certificate authority that no system knows. ``file`` holds its certificate."""

    def __init__(self, folder):
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = self._signed("Hospital authority", self._key, authority=True)
        self.file = folder / "hospital-ca.pem"
        self.file.write_bytes(self._certificate.public_bytes(_PEM))

    def context_for(self, host):
        """The server's side of TLS for a host name."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._folder / f"{host}.pem"
        certificate.write_bytes(
            self._signed(host, key).public_bytes(_PEM)
            + key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        return context

    def _signed(self, name, key, *, authority=False):
        own = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        now = datetime.datetime.now(datetime.UTC)
        day = datetime.timedelta(days=1)
        subject_key = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        built = (
            x509.CertificateBuilder()
            .subject_name(own).issuer_name(own if authority else self._certificate.subject)
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - day).not_valid_after(now + day)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(subject_key, critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
            .add_extension(_usage(authority), critical=True)
        )  # fmt: skip
        if not authority:
            names = x509.SubjectAlternativeName([x509.DNSName(name)])
            built = built.add_extension(names, critical=False)
        return built.sign(self._key, hashes.SHA256())


def _usage(authority):
    flags = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only",
         "decipher_only"), False,
    )  # fmt: skip
    return x509.KeyUsage(digital_signature=True, key_cert_sign=authority, crl_sign=authority, **flags)


class Lan:
    """Names and machines. ``connected`` are the addresses that connections were made to."""

    def __init__(self, monkeypatch):
        self.names, self.machines, self.connected = {}, {}, []
        monkeypatch.setattr(socket, "getaddrinfo", self._found)
        monkeypatch.setattr(peers, "_DeadlineSocket", self._socket_class())

    def place(self, name, address, port, *, really_at=None):
        """A machine of this name and address; ``really_at`` is where a connection ends up instead."""
        self.names[name] = address
        self.machines[address] = (really_at or address, port)

    def _found(self, host, port, *_, **__):
        address = self.names.get(host, host)
        if address in self.machines:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    def _socket_class(lan):  # noqa: N805
        class LanSocket(peers._DeadlineSocket):
            def connect(self, address):
                self._peer, port = lan.machines[address[0]]
                lan.connected.append(address[0])
                super().connect(("127.0.0.1", port))

            def getpeername(self):
                return (self._peer, 443)

        return LanSocket


@contextmanager
def ehr_of(authority, host, resources=()):
    """An EHR that speaks TLS under a name, with a certificate of the authority."""
    context = authority.context_for(host)

    def made(resources, personality):
        ehr = Ehr(resources, personality)
        ehr.socket = context.wrap_socket(ehr.socket, server_side=True, do_handshake_on_connect=False)
        ehr.handle_error = lambda *_: None  # a client that trusts nobody here has left
        return ehr

    with running(resources, kind=made) as ehr:
        yield ehr


class Proxy:
    """A CONNECT proxy. ``asked`` are the targets it was asked for; ``machines`` it can reach, by host:port."""

    def __init__(self, machines, status=b"200 OK"):
        self._machines, self._status, self.asked = machines, status, []
        self.reply = None  # takes hold of the socket instead
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def serve(self):
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._tunnel, args=(client,), daemon=True).start()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _tunnel(self, client):
        with client, suppress(OSError):
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += client.recv(1)
            target = head.split()[1].decode()
            self.asked.append((head.split()[0].decode(), target))
            if self.reply is not None:
                self.reply(client)
                return
            if target not in self._machines or not self._status.startswith(b"200"):
                client.sendall(b"HTTP/1.1 " + self._status + b"\r\n\r\n")
                return
            with socket.socket() as server:  # whose address needs no look-up
                server.connect(("127.0.0.1", self._machines[target]))
                client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                threading.Thread(target=_pass_on, args=(server, client), daemon=True).start()
                _pass_on(client, server)


def _pass_on(giver, taker):
    with suppress(OSError):
        while piece := giver.recv(65536):
            taker.sendall(piece)
        taker.shutdown(socket.SHUT_WR)


@contextmanager
def proxy_to(machines, status=b"200 OK"):
    proxy = Proxy(machines, status)
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join()
