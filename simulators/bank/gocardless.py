"""GoCardless Bank Account Data, version 2: tokens, institutions, agreements, requisitions.

From the vendor's documents: paths, fields, statuses, summaries and codes of errors. Not
published, chosen by us: the wording of refused fields, and that an unknown query parameter is
refused. Authorising is a person's act (action ``authorize_requisition``); opening the link of a
requisition only shows that the person is asked.

Not modelled: premium endpoints, agreements' reconfirmation, sorting, several institutions.
"""

import re
from collections.abc import Callable
from typing import Any

from peakproof.simkit import Answer, Bucket, Kit, Request, Response, Route

from .addresses import address
from .consents import INSTITUTION_ID, SCOPES, Agreement, Consents, Requisition
from .gocardless_wire import (
    field_problem,
    fields,
    known_query,
    listed,
    moment,
    problem,
    too_many,
)
from .tokens import Tokens, bearer, short_hash

__all__ = ["PREFIX", "GoCardless"]

PREFIX = "/api/v2"
_ACCESS_SECONDS, _REFRESH_SECONDS = 86_400, 30 * 86_400
_PER_MINUTE = 100
_HISTORY_DAYS_MAX, _VALID_DAYS_MAX = 730, 180
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s]+")
_INSTITUTION = {
    "id": INSTITUTION_ID,
    "name": "Peak Bank",
    "bic": "PEAKDEFF",
    "transaction_total_days": str(_HISTORY_DAYS_MAX),
    "max_access_valid_for_days": str(_VALID_DAYS_MAX),
    "countries": ["DE", "BE", "FR", "NL", "GB", "US"],
    "logo": "https://cdn.example.com/peak-bank.png",
}


class GoCardless:
    """The wire of the first door, without accounts (see gocardless_accounts)."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        options = kit.config.options
        self.secret_id = str(
            options.get("gocardless_secret_id") or kit.seed.token("bank|gocardless|id")
        )
        self.secret_key = str(
            options.get("gocardless_secret_key") or kit.seed.token("bank|gocardless|key", 64)
        )
        self.access = Tokens(kit, "gocardless access", _ACCESS_SECONDS)
        self.refresh = Tokens(kit, "gocardless refresh", _REFRESH_SECONDS)
        minute_seconds = kit.real_seconds(60)
        self._bucket = Bucket(kit.clock.now, _PER_MINUTE, _PER_MINUTE / minute_seconds)
        self.consents: Consents | None = None

    def __repr__(self) -> str:
        return f"GoCardless(client={short_hash(self.secret_id)})"

    def routes(self) -> list[Route]:
        """Return the routes; the vendor takes a path with and without its last slash."""
        agreements, requisitions = "/agreements/enduser", "/requisitions"
        table: list[tuple[str, str, Callable[[Request], Response], str]] = [
            ("POST", "/token/new", self._new_token, "token.new"),
            ("POST", "/token/refresh", self._refresh_token, "token.refresh"),
            ("GET", "/institutions", self._institutions, "institutions.list"),
            ("GET", "/institutions/{id}", self._institution, "institutions.get"),
            ("POST", agreements, self._agree, "agreements.create"),
            ("GET", agreements, self._agreements, "agreements.list"),
            ("GET", agreements + "/{id}", self._agreement, "agreements.get"),
            ("DELETE", agreements + "/{id}", self._forget_agreement, "agreements.delete"),
            ("PUT", agreements + "/{id}/accept", self._accept, "agreements.accept"),
            ("POST", requisitions, self._require, "requisitions.create"),
            ("GET", requisitions, self._requisitions, "requisitions.list"),
            ("GET", requisitions + "/{id}", self._requisition, "requisitions.get"),
            ("DELETE", requisitions + "/{id}", self._forget, "requisitions.delete"),
        ]
        routes = [
            Route(
                method, PREFIX + path + end, self.guarded(handler, name.startswith("token")), name
            )
            for method, path, handler, name in table
            for end in ("/", "")
        ]
        link = Route("GET", "/psd2/start/{id}/{institution}", self._start, "requisition.link")
        return [*routes, link]

    def guarded(
        self, handler: Callable[[Request], Response], is_open: bool = False
    ) -> Callable[[Request], Response]:
        """Return a handler behind the token check and the general limit."""

        def handle(request: Request) -> Response:
            request.record.api_version = "v2"
            request.record.client = short_hash(self.secret_id)
            request.record.operation_type = "query" if request.method == "GET" else "mutation"
            if not is_open:
                self._authenticate(request)
            if not self._bucket.charge():
                seconds = int(self._bucket.wait_seconds()) + 1
                request.record.error_codes = ["rate_limit"]
                return too_many(f"{_PER_MINUTE}/minute", seconds)
            response = handler(request)
            response.headers += [
                ("HTTP_X_RATELIMIT_LIMIT", str(_PER_MINUTE)),
                ("HTTP_X_RATELIMIT_REMAINING", str(int(self._bucket.available()))),
                ("HTTP_X_RATELIMIT_RESET", str(int(self._bucket.wait_seconds(_PER_MINUTE)))),
            ]
            if response.status >= 400:
                request.record.error_codes = [str(response.status)]
            return response

        return handle

    def _authenticate(self, request: Request) -> None:
        token = bearer(request)
        detail = "Token is invalid or expired"
        if not token:
            detail = "Authentication credentials were not provided"
        elif self.access.good(token) and not self.access.expired_by(
            self._kit.faults.fire("expired_token", request.name)
        ):
            return
        request.record.error_codes = ["401"]
        raise Answer(problem(401, "Invalid token", detail))

    # tokens

    def _new_token(self, request: Request) -> Response:
        given = fields(request, ("secret_id", "secret_key"), ("secret_id", "secret_key"))
        if (given["secret_id"], given["secret_key"]) != (self.secret_id, self.secret_key):
            return problem(
                401,
                "Authentication failed",
                "No active account found with the given credentials",
            )
        return Response.json(
            {
                "access": self.access.issue(),
                "access_expires": self.access.told_seconds(),
                "refresh": self.refresh.issue(),
                "refresh_expires": self.refresh.told_seconds(),
            }
        )

    def _refresh_token(self, request: Request) -> Response:
        given = fields(request, ("refresh",), ("refresh",))
        if not self.refresh.good(str(given["refresh"])):
            return problem(401, "Invalid token", "Token is invalid or expired")
        return Response.json(
            {"access": self.access.issue(), "access_expires": self.access.told_seconds()}
        )

    # institutions

    def _institutions(self, request: Request) -> Response:
        query = known_query(request, ("country",))
        country = query.get("country", "").upper()
        fits = not country or country in _INSTITUTION["countries"]
        return Response.json([_INSTITUTION] if fits else [])

    def _institution(self, request: Request) -> Response:
        if request.params["id"] != INSTITUTION_ID:
            return problem(404, "Not found.", "Not found.")
        return Response.json(_INSTITUTION)

    # agreements

    def _agree(self, request: Request) -> Response:
        names = ("institution_id", "max_historical_days", "access_valid_for_days", "access_scope")
        given = fields(request, names, ("institution_id",))
        _check_institution(given["institution_id"])
        history = given.get("max_historical_days", 90)
        if not _whole(history, _HISTORY_DAYS_MAX):
            raise Answer(
                field_problem(
                    "max_historical_days",
                    "Incorrect max_historical_days",
                    f"max_historical_days must be > 0 and <= {INSTITUTION_ID} "
                    f"transaction_total_days ({_HISTORY_DAYS_MAX})",
                )
            )
        valid = given.get("access_valid_for_days", 90)
        if not _whole(valid, _VALID_DAYS_MAX):
            raise Answer(
                field_problem(
                    "access_valid_for_days",
                    "Incorrect access_valid_for_days",
                    f"access_valid_for_days must be > 0 and <= {_VALID_DAYS_MAX}",
                )
            )
        scope = given.get("access_scope", list(SCOPES))
        if not isinstance(scope, list) or not scope or not set(scope) <= set(SCOPES):
            raise Answer(
                field_problem(
                    "access_scope", "Unknown access_scope", f"Choose of {', '.join(SCOPES)}"
                )
            )
        agreement = self.known().agree(
            max_historical_days=history, access_valid_for_days=valid, access_scope=tuple(scope)
        )
        return Response.json(_agreement_record(agreement), 201)

    def _agreements(self, request: Request) -> Response:
        records = [_agreement_record(found) for found in self.known().agreements.values()]
        base = address(self._kit, request, f"{PREFIX}/agreements/enduser/")
        return listed(request, records, base)

    def _agreement(self, request: Request) -> Response:
        return Response.json(_agreement_record(self._find_agreement(request.params["id"])))

    def _forget_agreement(self, request: Request) -> Response:
        agreement = self._find_agreement(request.params["id"])
        if agreement.accepted is not None:
            return problem(
                400,
                "Cannot delete End User Agreement",
                f"Cannot delete accepted End User Agreement: {agreement.id}. Only non accepted "
                "agreements can be deleted",
            )
        del self.known().agreements[agreement.id]
        return Response.json(
            {
                "summary": "End User Agreement deleted",
                "detail": f"End User Agreement {agreement.id} deleted",
            }
        )

    def _accept(self, request: Request) -> Response:
        fields(request, ("user_agent", "ip_address"), ("user_agent", "ip_address"))
        agreement = self._find_agreement(request.params["id"])
        if agreement.accepted is not None:
            return problem(400, "End User Agreements cannot be accepted more than once")
        agreement.accepted = self._kit.calendar.now()
        return Response.json(_agreement_record(agreement))

    # requisitions

    def _require(self, request: Request) -> Response:
        names = ("redirect", "institution_id", "agreement", "reference", "user_language", "ssn")
        given = fields(
            request,
            (*names, "account_selection", "redirect_immediate"),
            ("redirect", "institution_id"),
        )
        _check_institution(given["institution_id"])
        if not _URI.fullmatch(str(given["redirect"])):
            raise Answer(
                field_problem(
                    "redirect", "Invalid redirect URI", "Redirect URI must have valid URI structure"
                )
            )
        known = self.known()
        reference = str(given.get("reference") or "")
        if reference and any(one.reference == reference for one in known.requisitions.values()):
            summary = "Client reference must be unique"
            raise Answer(field_problem("reference", summary, summary))
        if given.get("agreement"):
            agreement = self._find_agreement(str(given["agreement"]), "agreement")
        else:
            agreement = known.agree()
        wishes = {name: given.get(name) for name in ("user_language", "ssn")}
        flags = {
            name: bool(given.get(name, False))
            for name in ("account_selection", "redirect_immediate")
        }
        requisition = known.require(
            agreement, redirect=str(given["redirect"]), reference=reference, **wishes, **flags
        )
        return Response.json(self._requisition_record(requisition), 201)

    def _requisitions(self, request: Request) -> Response:
        records = [self._requisition_record(one) for one in self.known().requisitions.values()]
        base = address(self._kit, request, f"{PREFIX}/requisitions/")
        return listed(request, records, base)

    def _requisition(self, request: Request) -> Response:
        return Response.json(self._requisition_record(self._find(request.params["id"])))

    def _forget(self, request: Request) -> Response:
        requisition = self._find(request.params["id"])
        known = self.known()
        del known.requisitions[requisition.id]
        known.agreements.pop(requisition.agreement.id, None)
        for identity in requisition.account_ids:
            del known.links[identity]
        detail = f"Requisition '{requisition.id}' deleted with all its End User Agreements"
        return Response.json({"summary": "Requisition deleted", "detail": detail})

    def _start(self, request: Request) -> Response:
        requisition = self._find(request.params["id"])
        if requisition.status == "CR":
            requisition.status = "GC"
        return Response.text(f"Peak Bank asks its customer to allow access ({requisition.status}).")

    def known(self) -> Consents:
        assert self.consents is not None, "seed the bank first"
        return self.consents

    def _find_agreement(self, identity: str, field: str = "") -> Agreement:
        found = self.known().agreements.get(identity)
        if found is not None:
            return found
        if field:
            detail = (
                f"{identity} is not a valid EUA. Please specify a valid one or create a new one."
            )
            raise Answer(field_problem(field, "Invalid EUA", detail))
        raise Answer(problem(404, "Not found.", "Not found."))

    def _find(self, identity: str) -> Requisition:
        found = self.known().requisitions.get(identity)
        if found is None:
            raise Answer(problem(404, "Not found.", "Not found."))
        return found

    def _requisition_record(self, requisition: Requisition) -> dict[str, Any]:
        status = requisition.status
        if status == "LN" and self.known().expired(requisition.agreement):
            status = "EX"
        return {
            "id": requisition.id,
            "created": moment(requisition.created),
            "redirect": requisition.redirect,
            "status": status,
            "institution_id": INSTITUTION_ID,
            "agreement": requisition.agreement.id,
            "reference": requisition.reference,
            "accounts": requisition.account_ids,
            "user_language": requisition.user_language,
            "link": f"https://ob.gocardless.com/psd2/start/{requisition.id}/{INSTITUTION_ID}",
            "ssn": requisition.ssn,
            "account_selection": requisition.account_selection,
            "redirect_immediate": requisition.redirect_immediate,
        }


def _agreement_record(agreement: Agreement) -> dict[str, Any]:
    return {
        "id": agreement.id,
        "created": moment(agreement.created),
        "institution_id": INSTITUTION_ID,
        "max_historical_days": agreement.max_historical_days,
        "access_valid_for_days": agreement.access_valid_for_days,
        "access_scope": list(agreement.access_scope),
        "accepted": moment(agreement.accepted),
    }


def _check_institution(identity: object) -> None:
    if identity != INSTITUTION_ID:
        summary = f"Unknown Institution ID {identity}"
        detail = "Get Institution IDs from /institutions/?country={$COUNTRY_CODE}"
        raise Answer(field_problem("institution_id", summary, detail))


def _whole(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= most
