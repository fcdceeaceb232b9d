"""A scriptable EHR on a real loopback socket: a small FHIR search, personalities, and faults.

``Ehr`` serves resources as its personality would. ``script`` replaces the answers to requests
whose path begins with a prefix: a reply (or one for each request in turn), or a function that
writes to the socket itself. Every request that came is kept in ``requests``.
"""

import gzip
import json
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: dict = field(default_factory=dict)


def fhir(value, status=200, **headers):
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/fhir+json"} | named)


def bundle(*resources, next_link=None, self_link=None, **more):
    links = {"next": next_link, "self": self_link}
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "link": [{"relation": name, "url": url} for name, url in links.items() if url],
        "entry": [{"resource": resource} for resource in resources],
    } | more


def outcome(severity, code, coded=None, said=None):
    details = {"details": {"coding": [{"code": coded}]}} if coded else {}
    details |= {"diagnostics": said} if said else {}
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code} | details]}


@dataclass(frozen=True)
class Personality:
    """How one family of EHRs answers searches."""

    needs_category: bool = False  # Epic: 400 for Observations without category or code
    refuses_codes: bool = False
    most_rows: int = 1000  # a larger _count is lowered without a word
    paging: str = "absolute"  # or relative, opaque
    says: dict | None = None  # an OperationOutcome in every searchset
    instead_of_empty: dict | None = None  # an OperationOutcome in place of no entries
    bare_entries: bool = False  # no fullUrl, no search.mode, no total
    total: int | None = None  # an estimate that is wrong
    refuses_count_above: int | None = None  # 400 for a larger _count
    unknown: tuple = ()  # 422 for these parameters
    lacks: tuple = ()  # types that it does not offer
    lacking_status: int = 404
    states_capabilities: bool = True  # answers /metadata
    strangers: bool = False  # one row of another patient in every answer


EPIC = Personality(
    needs_category=True,
    instead_of_empty=outcome("warning", "processing", "4101"),
)
ORACLE = Personality(most_rows=50, paging="opaque", bare_entries=True)
ATHENA = Personality(paging="relative", most_rows=10)
AZURE = Personality(paging="opaque", total=3)
HAPI = Personality(most_rows=20, paging="opaque", says=outcome("information", "informational"))
NOTICES = Personality(
    says=outcome("warning", "suppressed", "4119"), instead_of_empty=outcome("warning", "processing", "4101")
)
STRANGERS = Personality(strangers=True)
WITHOUT_TYPES = Personality(lacks=("MedicationStatement", "AdverseEvent"))
SILENT_WITHOUT_TYPES = replace(WITHOUT_TYPES, states_capabilities=False, lacking_status=501)
SMALL_PAGES = Personality(refuses_count_above=100)
STRICT = Personality(unknown=("_count", "status", "code", "category"))
PERSONALITIES = {"Epic": EPIC, "Oracle": ORACLE, "athena": ATHENA, "Azure": AZURE, "HAPI": HAPI}

TYPES = ("Patient", "Condition", "Observation", "MedicationRequest", "MedicationAdministration", "MedicationStatement",
         "MedicationDispense", "Procedure", "ServiceRequest", "CarePlan", "DiagnosticReport", "DocumentReference",
         "AdverseEvent", "Appointment", "Coverage", "Medication")  # fmt: skip
_NOT_OURS = {
    "subject": {"reference": "Patient/someone-else"},
    "participant": [{"actor": {"reference": "Patient/someone-else"}}],
}
_OF_PATIENT = ("subject", "patient", "beneficiary")


class Ehr(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, resources=(), personality=None):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.resources = list(resources)
        self.personality = personality or Personality()
        self.requests = []
        self.headers = []
        self._scripts = {}
        self._sets = {}

    @property
    def base(self):
        return f"http://127.0.0.1:{self.server_port}/fhir"

    def script(self, prefix, *replies):
        """Answer requests that begin so with these replies in turn, the last one for all further."""
        self._scripts[prefix] = list(replies)

    def asked(self, prefix):
        return [request for request in self.requests if request.startswith(prefix)]

    def _metadata(self):
        if not self.personality.states_capabilities:
            return fhir(outcome("error", "not-found"), 404)
        offered = [t for t in TYPES if t not in self.personality.lacks]
        rest = [{"mode": "server", "resource": [{"type": kind} for kind in offered]}]
        return fhir({"resourceType": "CapabilityStatement", "rest": rest})

    def _refusal(self, kind, asked):
        who = self.personality
        if kind in who.lacks:
            return fhir(outcome("error", "not-supported"), who.lacking_status)
        if who.refuses_count_above and int(asked.get("_count", ["0"])[0]) > who.refuses_count_above:
            return fhir(outcome("error", "value"), 400)
        if asked.keys() & set(who.unknown):
            return fhir(outcome("error", "invalid"), 422)
        return None

    def reply_to(self, target):
        self.requests.append(target)
        for prefix, replies in self._scripts.items():
            if target.startswith(prefix):
                return replies.pop(0) if len(replies) > 1 else replies[0]
        path, _, query = target.partition("?")
        if path == "metadata":
            return self._metadata()
        if "/" in path:
            found = [r for r in self.resources if f"{r['resourceType']}/{r.get('id')}" == path]
            return fhir(found[0]) if found else fhir(outcome("error", "not-found"), 404)
        return self._search(path, parse_qs(query), target)

    def _search(self, kind, asked, target):
        who = self.personality
        if (refusal := self._refusal(kind, asked)) is not None:
            return refusal
        if kind == "Observation" and who.needs_category and not asked.keys() & {"category", "code"}:
            return fhir(outcome("fatal", "required"), 400)
        if kind == "Observation" and who.refuses_codes and "code" in asked:
            return fhir(outcome("error", "not-supported"), 400)
        start = int(asked.get("start", ["0"])[0])
        if "page" in asked:
            rows, start = self._sets[asked["page"][0]], start
        else:
            rows = [r for r in self.resources if r["resourceType"] == kind and _matches(r, asked)]
        size = min(int(asked.get("_count", ["1000"])[0]), who.most_rows)
        shown, left = rows[start : start + size], rows[start + size :]
        if who.strangers:
            shown = [*shown, {"resourceType": kind, "id": "other", **_NOT_OURS}]
        entries = shown or ([who.instead_of_empty] if who.instead_of_empty else [])
        answer = bundle(*entries, *([who.says] if who.says else []))
        if left:
            self._sets[str(len(self._sets))] = rows
            link = f"{kind}?page={len(self._sets) - 1}&start={start + size}"
            link = link if who.paging == "relative" else f"{self.base}/{link}"
            answer["link"].append({"relation": "next", "url": link})
        if not who.bare_entries:
            answer["link"].append({"relation": "self", "url": f"{self.base}/{target}"})
        if who.total is not None:
            answer["total"] = who.total
        return fhir(answer)


def _matches(resource, asked):
    for name, (value, *_) in asked.items():
        if name in ("patient", "subject") and not _is_of(resource, value.removeprefix("Patient/")):
            return False
        if name == "status" and resource.get("status") not in value.split(","):
            return False
        if name in ("code", "category") and not _codes(resource, name) & set(value.split(",")):
            return False
    return True


def _is_of(resource, patient_id):
    pointers = [resource.get(member) for member in _OF_PATIENT]
    pointers += [p.get("actor") for p in resource.get("participant", [])]
    return any(p and p["reference"].endswith(f"Patient/{patient_id}") for p in pointers)


def _codes(resource, member):
    concepts = resource.get(member, [])
    concepts = concepts if isinstance(concepts, list) else [concepts]
    return {c["code"] for concept in concepts for c in concept.get("coding", [])}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self):
        self.server.headers.append(dict(self.headers))
        reply = self.server.reply_to(self.path.removeprefix("/fhir/"))
        if callable(reply):
            self.close_connection = True
            with suppress(OSError):  # the client has left, as it should
                reply(self.connection)
            return
        self.send_response(reply.status)
        for name, text in reply.headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def log_message(self, *_):
        pass


@contextmanager
def running(resources=(), personality=None, kind=Ehr):
    """An EHR that is up until the block ends."""
    ehr = kind(resources, personality)
    thread = threading.Thread(target=ehr.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield ehr
    finally:
        ehr.shutdown()
        thread.join()
        ehr.server_close()


# Replies that take hold of the socket. Each gives up after some seconds, so that no test hangs on it.

_PATIENCE_S = 8


def hangs(_connection):
    time.sleep(_PATIENCE_S)


def drips_headers(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    _drip(connection, b"X-Drop: 1\r\n")


def drips_body(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n")
    _drip(connection, b" ")


def _drip(connection, drop):
    for _ in range(_PATIENCE_S * 20):
        connection.sendall(drop)
        time.sleep(0.05)


def closes_half_way(connection):
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"resourceType"')


def bomb(connection):
    body = gzip.compress(b"[" + b"0," * 30_000_000 + b"0]")
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)
