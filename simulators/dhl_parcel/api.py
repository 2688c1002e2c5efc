"""The wire: routes under /cimapi/api/v1/customer, parsing, answers and errors.

From the vendor's document: addresses, parameters (taken in any case), answers, the statuses
400 with ``{"Message": ...}``, 401 and 404 with no body shown, and the control of repeated
tracking of one shipment ("intente de nuevo la petición pasados unos minutos").

Not published, chosen by us: 401 and 404 have an empty body; a repeated track is refused for
REPEAT_SECONDS of the vendor's time; DELETE, HOLD and RELEASE answer 200 with an empty body; a
shipment without a scan has no events; times are UTC; while the carrier is down all is 503.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from peakproof.simkit import Answer, Kit, Request, Response, Route

from .labels import FORMATS, label, pdf
from .model import Carrier, Settled, Shipment
from .order import Order, Unfit, lowered, read_order
from .tokens import Tokens

__all__ = ["REPEAT_SECONDS", "Api", "refusal"]

ROOT = "/cimapi/api/v1/customer"
REPEAT_SECONDS = 180.0
_REPEATED = "Información no disponible, intente de nuevo la petición pasados unos minutos"
_ACTIONS = ("PRINT", "DELETE", "HOLD", "RELEASE")
_SHOWS = ("EVENTS", "STATUS", "BOTH")


class Api:
    """Answers the customer's calls. ``down`` is whether the carrier's systems are."""

    def __init__(self, kit: Kit, carrier: Carrier, tokens: Tokens) -> None:
        self._kit = kit
        self._carrier = carrier
        self._tokens = tokens
        self._tracked: dict[str, float] = {}
        self.down = False

    def routes(self) -> list[Route]:
        """Return the table of routes."""
        return [
            Route("POST", f"{ROOT}/authenticate", self._open(self._authenticate), "authenticate"),
            Route("POST", f"{ROOT}/shipment", self._closed(self._create), "shipments.create.buy"),
            Route("GET", f"{ROOT}/shipment", self._closed(self._manage), _managed),
            Route("GET", f"{ROOT}/track", self._closed(self._track), "track"),
            Route("POST", f"{ROOT}/endday", self._closed(self._end_day), "endday"),
        ]

    def _open(self, handler: Callable[[Request], Response]) -> Callable[[Request], Response]:
        """Return the handler of a call that needs no token."""

        def handle(request: Request) -> Response:
            request.record.client = self._tokens.client
            request.record.operation_type = "read" if _reads(request) else "write"
            if self.down:
                return refusal(request, 503, "El servicio no está disponible.", "carrier_down")
            try:
                return handler(request)
            except Unfit as unfit:
                return refusal(request, 400, str(unfit), unfit.code)

        return handle

    def _closed(self, handler: Callable[[Request], Response]) -> Callable[[Request], Response]:
        """Return the handler of a call that needs a good token."""

        def handle(request: Request) -> Response:
            if not self._tokens.good(request.header("authorization")) or self._kit.faults.fire(
                "expired_token", request.name
            ):
                return refusal(request, 401, "", "unauthorized")
            return handler(request)

        return self._open(handle)

    def _authenticate(self, request: Request) -> Response:
        """Answer a token as a JSON string."""
        given = lowered(_body(request))
        token = self._tokens.issue(
            str(given.get("username") or ""), str(given.get("password") or "")
        )
        if not token:
            return refusal(request, 401, "", "wrong_credentials")
        return Response.json(token)

    def _create(self, request: Request) -> Response:
        """Buy a shipment and answer its codes and label."""
        order = read_order(_body(request))
        request.record.arguments = _told(order)
        if order.customer != self._carrier.account:
            raise Unfit("customer", f"Customer: '{order.customer}' no pertenece al usuario.")
        shipment = self._carrier.buy(order)
        return Response.json(_codes(shipment) | {"Label": _label(shipment, order.label_format)})

    def _manage(self, request: Request) -> Response:
        """Print again, delete, hold or release a shipment."""
        given = lowered(request.query)
        request.record.arguments = dict(request.query)
        action = str(given.get("action") or "PRINT").upper()
        if action not in _ACTIONS:
            raise Unfit("action", f"Action: '{action}' no es válido ({', '.join(_ACTIONS)}).")
        year, number = given.get("year", ""), given.get("tracking", "")
        if len(year) != 1 or not year.isdigit():
            raise Unfit("year", f"Year: se espera el último dígito del año, recibido '{year}'.")
        if len(number) != 10 or not number.isdigit():
            raise Unfit("tracking", f"Tracking: se esperan 10 dígitos, recibido '{number}'.")
        shipment = self._carrier.find(year, number)
        if shipment is None:
            return refusal(request, 404, "", "not_found")
        if action == "PRINT":
            return _printed(shipment, given)
        change = {
            "DELETE": self._carrier.delete,
            "HOLD": self._carrier.hold,
            "RELEASE": self._carrier.release,
        }[action]
        try:
            change(shipment)
        except Settled:
            raise Unfit("documented", f"El envío {number} ya está documentado.") from None
        return Response()

    def _track(self, request: Request) -> Response:
        """Answer where a shipment is: its events, its state, or both."""
        given = lowered(request.query)
        request.record.arguments = dict(request.query)
        show = (given.get("show") or "EVENTS").upper()
        if show not in _SHOWS:
            raise Unfit("show", f"show: '{show}' no es válido ({', '.join(_SHOWS)}).")
        if (given.get("idioma") or "es").lower() != "es":
            raise Unfit("not_modelled", "peakproof: idioma: solo 'es' está modelado.")
        shipment = self._wanted(given)
        if shipment is None:
            return refusal(request, 404, "", "not_found")
        now = self._kit.clock.now()
        again = self._tracked.get(shipment.number, float("-inf"))
        if now < again + self._kit.real_seconds(REPEAT_SECONDS):
            raise Unfit("repeated", _REPEATED)
        self._tracked[shipment.number] = now
        events = [
            {"DateTime": s.at, "Code": s.code, "Status": s.text, "Ubication": s.place}
            for s in shipment.scans
        ]
        if show == "EVENTS":
            return Response.json(events)
        return Response.json(
            _state(shipment) | {"Events": events if show == "BOTH" else events[-1:]}
        )

    def _wanted(self, given: Mapping[str, str]) -> Shipment | None:
        code = given.get("id", "")
        if not code:
            raise Unfit("id", "id: dato obligatorio.")
        if given.get("awb"):
            return None  # no shipment has an air waybill here
        if given.get("refcli"):
            mine = given["refcli"] == self._carrier.account
            return self._carrier.with_reference(code) if mine else None
        return self._carrier.traced(code)

    def _end_day(self, request: Request) -> Response:
        """Document what is open and answer the list, with a report if one is wanted."""
        given = lowered(_body(request))
        accounts, report = given.get("accounts"), str(given.get("report") or "").upper()
        request.record.arguments = {"accounts": accounts, "report": report}
        if not isinstance(accounts, str) or not accounts:
            raise Unfit("accounts", "Accounts: dato obligatorio.")
        for account in accounts.split(",") if accounts.upper() != "ALL" else ():
            if account != self._carrier.account:
                raise Unfit("accounts", f"Accounts: '{account}' no pertenece al usuario.")
        if report not in ("", "PDF"):
            raise Unfit("not_modelled", f"peakproof: Report '{report}' no está modelado.")
        documented = self._carrier.end_day()
        page = ["Fin de día", self._carrier.account, f"{len(documented)} envíos"]
        page += [f"{s.number}  {s.order.reference}" for s in documented]
        shown = [
            {name: codes[name] for name in ("Origin", "Customer", "Year", "Tracking")}
            for codes in map(_codes, documented)
        ]
        return Response.json({"Shipments": shown, "Report": _base64(pdf([page])) if report else ""})


def refusal(request: Request, status: int, message: str, code: str = "") -> Response:
    """Return an error in the vendor's shape: a ``Message``, or no body at all."""
    if code:
        request.record.error_codes = [*request.record.error_codes, code]
    return Response.json({"Message": message}, status) if message else Response(status)


def _managed(request: Request) -> str:
    """Return the operation's name, which the parameter ``Action`` tells."""
    action = (lowered(request.query).get("action") or "PRINT").upper()
    return f"shipments.{action.lower()}" if action in _ACTIONS else "shipments.manage"


def _reads(request: Request) -> bool:
    return request.name in ("authenticate", "shipments.print", "track")


def _body(request: Request) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(request.body)
    except msgspec.DecodeError:
        value = None
    if not isinstance(value, dict):
        response = refusal(request, 400, "La petición no es un objeto JSON.", "json")
        raise Answer(response)
    return value


def _told(order: Order) -> dict[str, Any]:
    """Return what the history keeps of an order: no telephone, no e-mail."""
    return {
        "customer": order.customer,
        "reference": order.reference,
        "product": order.product,
        "parcels": order.parcels,
        "to_zip": order.receiver.postal_code,
        "to_country": order.receiver.country,
        "format": order.label_format,
    }


def _codes(shipment: Shipment) -> dict[str, Any]:
    origin, _, customer = shipment.order.customer.partition("-")
    return {
        "Origin": origin,
        "Customer": customer,
        "Year": shipment.year,
        "Tracking": shipment.number,
        "AWB": "",
        "LP": shipment.parcel_codes,
    }


def _state(shipment: Shipment) -> dict[str, Any]:
    order = shipment.order
    weight = order.weight_kilograms
    return {
        "Year": shipment.year,
        "From": order.customer.partition("-")[0],
        "Tracking": shipment.number,
        "Origin": order.sender.city if order.sender else "",
        "Destination": order.receiver.city,
        "Product": order.product,
        "Parcels": order.parcels,
        "Weight": int(weight) if weight == int(weight) else float(weight),
        "Ship_Reference": order.reference,
        "AWB": "",
        "Receiver": order.receiver.name,
    }


def _printed(shipment: Shipment, given: Mapping[str, str]) -> Response:
    """Answer the labels from LabelFrom to LabelTo."""
    form = (given.get("format") or "PDF").upper()
    if form not in FORMATS:
        raise Unfit("format", f"Format: '{form}' no es válido ({', '.join(FORMATS)}).")
    parcels = shipment.order.parcels
    first, last = given.get("labelfrom") or "1", given.get("labelto") or str(parcels)
    if not (first.isdigit() and last.isdigit() and 1 <= int(first) <= int(last) <= parcels):
        raise Unfit(
            "labels", f"LabelFrom, LabelTo: {first} - {last} fuera de rango (1 - {parcels})."
        )
    wanted = range(int(first), int(last) + 1)
    return Response.json(_codes(shipment) | {"Label": _label(shipment, form, wanted)})


def _label(shipment: Shipment, form: str, wanted: range | None = None) -> str:
    to, order = shipment.order.receiver, shipment.order
    codes = shipment.parcel_codes
    parcels = [
        [
            "DHL Parcel  SPECIMEN",
            to.name,
            to.address,
            f"{to.country}-{to.postal_code} {to.city}",
            f"{order.product} {order.incoterms}  {order.weight_kilograms} kg",
            f"Ref. {order.reference}",
            f"{shipment.number}  {number} / {order.parcels}",
            codes[number - 1],
        ]
        for number in wanted or range(1, order.parcels + 1)
    ]
    return _base64(label(form, parcels))


def _base64(document: bytes) -> str:
    return base64.b64encode(document).decode()
