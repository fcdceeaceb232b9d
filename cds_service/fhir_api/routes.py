"""The routes below ``/fhir``: what this base is, forms and libraries, the form package, tokens.

The only module of this door that reads requests and writes responses. Errors are OperationOutcomes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotAcceptable

from cds_service.evaluation.form_context import recall_context
from cds_service.evaluation.refused import Refused
from cds_service.evaluation.services import Services
from cds_service.fhir_api import conformance, coverage
from cds_service.fhir_api.access import FhirAccess, fhir_access
from cds_service.fhir_api.asked import asked
from cds_service.fhir_api.error_reports import note_errors
from cds_service.fhir_api.operation import answer
from cds_service.json_text import write_json
from cds_service.packet.canonical import form_canonical, form_url
from cds_service.packet.elements import Json, entry
from cds_service.packet.form import questionnaire
from cds_service.packet.library import library
from cds_service.policies.authorization import AuthorizationTerms
from cds_service.settings import Tenant
from cds_service.store.vault import Vault
from cds_service.values import dataclass
from cds_service.web.accounts import Account, opened
from cds_service.web.body import json_body
from cds_service.web.edge import Trust
from cds_service.web.errors import Unauthorized, json_response, outcome

FHIR_JSON = "application/fhir+json"
_ACCEPTED = (FHIR_JSON, "application/json")
_FORM = "application/x-www-form-urlencoded"
SERVICE = "questionnaire-package"


@dataclass(frozen=True)
class FhirApi:
    """What the routes work with: made once at start, holding no state of a call."""

    services: Services
    access: FhirAccess
    vault: Vault

    @property
    def public_url(self) -> str:
        return self.services.settings.public_url

    @property
    def base(self) -> str:
        return f"{self.public_url}/fhir"

    def forms(self, resource: str) -> list[AuthorizationTerms]:
        """What forms are made from, for the caller's tenant, once the caller may ask for a kind of resource."""
        tenant, _ = self.access.tenant(request, resource)
        offered = (policy.authorization for policy in self.services.policies_of(tenant))
        return [terms for terms in offered if terms is not None]

    def packaged(self, account: Account, tenant: Tenant) -> Json:
        """The answer to ``$questionnaire-package``."""
        wanted, clock = asked(json_body(request)), self.services.clock()
        account.patient = wanted.patient.removeprefix("Patient/")
        account.orders = [order.reference for order in wanted.orders]
        assert clock.tzinfo is not None
        coverage.accept(wanted.coverage, wanted.patient, tenant, clock.date(), clock.tzinfo)
        return answer(
            wanted,
            self.services.policies_of(tenant),
            lambda context: recall_context(self.vault, tenant.id, context),
            clock,
            self.public_url,
        )


def fhir_routes(services: Services, trust: Trust, vault: Vault) -> Blueprint:
    """The routes of a DTR payer service."""
    api = FhirApi(services, fhir_access(services.settings, trust), vault)
    routes = Blueprint("fhir", __name__, url_prefix="/fhir")
    routes.before_request(_negotiated)
    routes.register_error_handler(Unauthorized, _unauthorized)
    _add_public(routes, api)
    _add_artifacts(routes, api)
    _add_operations(routes, api)
    routes.after_app_request(_as_fhir)  # also of paths and methods that no route here has
    return routes


def _add_public(routes: Blueprint, api: FhirApi) -> None:
    """What needs no token: what this base is, and how to get one."""

    @routes.get("/metadata")
    def metadata() -> Response:
        return json_response(conformance.capability_statement(api.base))

    @routes.get("/.well-known/smart-configuration")
    def smart_configuration() -> Response:
        return json_response(conformance.smart_configuration(api.base))

    @routes.post("/token")
    def token() -> Response:
        return api.access.token(request, f"{api.base}/token")


def _add_artifacts(routes: Blueprint, api: FhirApi) -> None:
    """Forms and libraries, the same for every patient."""

    @routes.get("/Questionnaire/<name>")
    def form(name: str) -> Response:
        made = (questionnaire(terms, api.public_url) for terms in api.forms("questionnaire"))
        return _artifact(next((q for q in made if q["id"] == name), None))

    @routes.get("/Questionnaire")
    def forms() -> Response:
        offered, wanted = api.forms("questionnaire"), request.args.get("url")
        if wanted is None:
            raise Refused(400, "required", "url is required: this base searches forms by it alone.", "url")
        url, _, version = wanted.partition("|")
        made = [questionnaire(terms, api.public_url) for terms in offered]
        found = [q for q in made if q["url"] == url and version in ("", q["version"])]
        return json_response(_searchset(f"{api.base}/Questionnaire?url={quote(wanted)}", found))

    @routes.get("/Library/<name>")
    def a_library(name: str) -> Response:
        made = (library(terms, api.public_url) for terms in api.forms("library"))
        return _artifact(next((held for held in made if held["id"] == name), None))


def _add_operations(routes: Blueprint, api: FhirApi) -> None:
    @routes.post("/Questionnaire/$questionnaire-package")
    def package() -> Response:
        tenant, client = api.access.tenant(request, "questionnaire")
        account = opened(Account("form", SERVICE, tenant.id, caller=client))
        account.policies = [(p.reference.id, p.reference.effective) for p in api.services.policies_of(tenant)]
        return json_response(api.packaged(account, tenant))

    @routes.post("/Questionnaire/$log-questionnaire-errors")
    def errors() -> Response:
        tenant, _ = api.access.tenant(request, "questionnaire")
        policies = api.services.policies_of(tenant)
        known = {form_canonical(p.reference, api.public_url) for p in policies}
        known |= {form_url(p.reference, api.public_url) for p in policies}
        note_errors(json_body(request), known, tenant.id)
        return json_response(_noted())

    @routes.route("/ValueSet/$expand", methods=["GET", "POST"])
    def expand() -> Response:
        api.forms("valueset")
        raise Refused(
            404, "not-found", "There is no such value set: the forms here list their options themselves."
        )


def _searchset(link: str, found: Sequence[Json]) -> Json:
    made: Json = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(found),
        "link": [{"relation": "self", "url": link}],
    }
    matched = [{**entry(one["url"], one), "search": {"mode": "match"}} for one in found]
    return {**made, "entry": matched} if matched else made


def _noted() -> Mapping[str, Any]:
    issue = {"severity": "information", "code": "informational", "details": {"text": "Noted."}}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def _artifact(found: Json | None) -> Response:
    """A form or a library with a strong ETag, so that a client sees at once whether it has changed."""
    if found is None:
        raise Refused(404, "not-found", "There is no such resource here.")
    text = write_json(found)
    response = Response(text, mimetype=FHIR_JSON)
    response.set_etag(hashlib.sha256(text.encode()).hexdigest()[:32])
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response


def _negotiated() -> None:
    """Raises for what is asked or sent in another format than JSON."""
    is_token = request.path.endswith("/token")
    if request.method == "OPTIONS":
        return
    # Without their parameters: clients name a FHIR version or a charset beside the type.
    ranges = {
        value.partition(";")[0].strip().lower() for value, quality in request.accept_mimetypes if quality
    }
    if ranges and not is_token and ranges.isdisjoint((*_ACCEPTED, "application/*", "*/*")):
        raise NotAcceptable
    allowed = (_FORM,) if is_token else _ACCEPTED
    if request.method == "POST" and request.mimetype not in ("", *allowed):
        raise Refused(415, "not-supported", f"The body must be sent as {allowed[0]}.")


def _unauthorized(_: Unauthorized) -> Response:
    response = json_response(outcome("login", "A token of this base is required."), 401)
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _as_fhir(response: Response) -> Response:
    """The media type of FHIR on resources below this base; OAuth's own answers are plain JSON."""
    is_here = request.path == "/fhir" or request.path.startswith("/fhir/")
    is_oauth = request.path.endswith(("/token", "/smart-configuration"))
    if is_here and not is_oauth and response.mimetype == "application/json":
        response.mimetype = FHIR_JSON
    return response
