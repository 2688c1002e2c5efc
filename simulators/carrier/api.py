"""The wire of shipments, addresses, parcels, rates and refunds (EasyPost API v2).

A shipment is found by its id or by the caller's ``reference``; of several with the same
reference the newest is taken (not published, chosen by us). Lists of shipments hold bought ones
unless ``purchased=false``. Creating with ``service`` and one carrier account buys at once.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from peakproof.simkit import Handled, Kit, Later, Request, Response, Route

from .door import Door, body_of, object_of
from .errors import Refusal, field_error, invalid_shipment, missing, not_found, not_modelled
from .labels import CONTENT_TYPES, label_file
from .model import Carriers
from .paging import page_of
from .payloads import Wire
from .reading import LABEL_FORMATS, address_fields, options, parcel_fields, text
from .records import Account, Address, Parcel, Shipment
from .verify import refused, verify

__all__ = ["ShipmentsApi"]

T = TypeVar("T")

_SHIPMENT_FIELDS = (
    "to_address", "from_address", "return_address", "buyer_address", "parcel", "options",
    "reference", "carrier_accounts", "is_return", "customs_info", "service", "carrier",
)  # fmt: skip


class ShipmentsApi:
    """Answers for everything up to the label."""

    def __init__(self, kit: Kit, carriers: Carriers, wire: Wire, door: Door) -> None:
        self._kit, self._carriers, self._wire, self._door = kit, carriers, wire, door
        self._books = carriers.books
        self._settings = carriers.books.settings

    def routes(self) -> list[Route]:
        """Return the routes."""
        guarded = self._door.guarded
        one = "/v2/shipments/{id}"
        table: list[tuple[str, str, Callable[[Request], Handled], str]] = [
            ("POST", "/v2/addresses", self.create_address, "addresses.create"),
            ("POST", "/v2/addresses/create_and_verify", self.verified, "addresses.verify"),
            ("GET", "/v2/addresses/{id}", self.address, "addresses.retrieve"),
            ("GET", "/v2/addresses/{id}/verify", self.verify_known, "addresses.verify"),
            ("POST", "/v2/parcels", self.create_parcel, "parcels.create"),
            ("GET", "/v2/parcels/{id}", self.parcel, "parcels.retrieve"),
            ("POST", "/v2/shipments", self.create, "shipments.create"),
            ("GET", one, self.retrieve, "shipments.retrieve"),
            ("GET", one + "/rates", self.rates, "shipments.rates"),
            ("POST", one + "/rerate", self.rerate, "shipments.rerate"),
            ("POST", one + "/buy", self.buy, "shipments.buy"),
            ("POST", one + "/refund", self.refund, "shipments.refund"),
            ("GET", one + "/label", self.label, "shipments.label"),
            ("POST", one + "/label", self.label, "shipments.label"),
            ("GET", "/v2/rates/{id}", self.rate, "rates.retrieve"),
            ("POST", "/v2/refunds", self.create_refunds, "refunds.create"),
            ("GET", "/v2/refunds/{id}", self.refund_by_id, "refunds.retrieve"),
        ]
        lists: list[tuple[str, Callable[[Request], Handled], str]] = [
            ("/v2/addresses", self.list_addresses, "addresses.list"),
            ("/v2/shipments", self.list_shipments, "shipments.list"),
            ("/v2/refunds", self.list_refunds, "refunds.list"),
        ]
        return [
            *(Route(verb, path, guarded(call), name) for verb, path, call, name in table),
            *(Route("GET", path, guarded(call, listing=True), name) for path, call, name in lists),
            Route("GET", "/files/postage_label/{file}", self.file, "files.postage_label"),
        ]

    # addresses and parcels

    def create_address(self, request: Request) -> Response:
        """Create an address; ``verify`` checks softly, ``verify_strict`` refuses."""
        body = body_of(request)
        given = object_of(request, "address")
        found = self._address({**given, **_checks(body)}, "address")
        return Response.json(self._wire.address(found), 201)

    def verified(self, request: Request) -> Response:
        """Create an address if it is found."""
        given = {**object_of(request, "address"), **_checks(body_of(request))}
        found = self._address({**given, "verify_strict": True}, "address")
        return Response.json({"address": self._wire.address(found)}, 201)

    def verify_known(self, request: Request) -> Response:
        """Check an address that exists."""
        found = _known(self._books.addresses, request.params["id"])
        if not verify(found, self._kit.seed, self._books.now()):
            raise refused(found)
        return Response.json({"address": self._wire.address(found)})

    def address(self, request: Request) -> Response:
        """Return an address."""
        found = _known(self._books.addresses, request.params["id"])
        return Response.json(self._wire.address(found))

    def list_addresses(self, request: Request) -> Response:
        """Return a page of addresses."""
        found, more = page_of(list(self._books.addresses.values()), request.query)
        rows = [self._wire.address(entry) for entry in found]
        return Response.json({"addresses": rows, "has_more": more})

    def create_parcel(self, request: Request) -> Response:
        """Create a parcel."""
        found = self._carriers.add_parcel(parcel_fields(object_of(request, "parcel")))
        return Response.json(self._wire.parcel(found), 201)

    def parcel(self, request: Request) -> Response:
        """Return a parcel."""
        found = _known(self._books.parcels, request.params["id"])
        return Response.json(self._wire.parcel(found))

    # shipments

    def create(self, request: Request) -> Handled:
        """Create a shipment with its rates; with ``service`` buy it too."""
        given = object_of(request, "shipment")
        for name, value in given.items():
            if name not in _SHIPMENT_FIELDS and value not in (None, "", [], {}, False):
                raise not_modelled(name)
        accounts = self._accounts(given.get("carrier_accounts"))
        service = text(given.get("service"))
        if service is not None and len(accounts) != 1:
            raise invalid_shipment([field_error("carrier_accounts", "exactly one is needed")])
        wait_seconds = self._carriers.wait_seconds(
            accounts, request.name, self._settings.rate_seconds
        )

        def made() -> Handled:
            found = self._shipment(given, accounts)
            if service is None:
                return self._answer(request, found, 201)
            rate = next((entry for entry in found.rates if entry.service == service), None)
            if rate is None:
                text_ = f"No rate of the service {service} is available."
                raise Refusal(422, "SHIPMENT.RATES.UNAVAILABLE", text_)
            return self._purchase(request, found, rate.id, 201)

        return Later(wait_seconds, made) if wait_seconds > 0 else made()

    def retrieve(self, request: Request) -> Response:
        """Return a shipment."""
        return self._answer(request, self._find(request))

    def list_shipments(self, request: Request) -> Response:
        """Return a page of shipments."""
        query = request.query
        bought = query.get("purchased", "true").lower() != "false"
        found, more = page_of(
            list(self._books.shipments.values()),
            query,
            lambda entry: entry.label is not None or not bought,
            ("purchased", "include_children"),
        )
        base = self._files_url(request)
        rows = [self._wire.shipment(entry, base) for entry in found]
        return Response.json({"shipments": rows, "has_more": more})

    def rates(self, request: Request) -> Response:
        """Return a shipment's rates."""
        return self._rates(self._find(request))

    def rerate(self, request: Request) -> Handled:
        """Replace a shipment's rates by new ones."""
        found = self._find(request)
        wait_seconds = self._carriers.wait_seconds(
            found.accounts, request.name, self._settings.rate_seconds
        )

        def made() -> Response:
            self._carriers.rerate(found)
            return self._rates(found)

        return Later(wait_seconds, made) if wait_seconds > 0 else made()

    def buy(self, request: Request) -> Handled:
        """Buy a label at one of the shipment's rates."""
        body = body_of(request)
        for name in ("insurance", "end_shipper_id", "with_carbon_offset"):
            if body.get(name):
                raise not_modelled(name)
        rate = body.get("rate")
        rate_id = text(rate.get("id") if isinstance(rate, dict) else rate)
        if rate_id is None:
            raise missing("rate")
        return self._purchase(request, self._find(request), rate_id, 200)

    def _purchase(self, request: Request, found: Shipment, rate_id: str, status: int) -> Handled:
        rate = self._carriers.begin_purchase(found, rate_id)
        wait_seconds = self._carriers.wait_seconds(
            [rate.account], "shipments.buy", self._settings.buy_seconds
        )

        def bought() -> Response:
            self._carriers.finish_purchase(found, rate)
            return self._answer(request, found, status)

        return Later(wait_seconds, bought) if wait_seconds > 0 else bought()

    def label(self, request: Request) -> Response:
        """Return a shipment whose label was converted to ``file_format``."""
        found = self._find(request)
        wanted = text({**request.query, **body_of(request)}.get("file_format")) or ""
        if found.label is None:
            message = "No postage was bought for the shipment."
            raise Refusal(422, "SHIPMENT.POSTAGE.REQUIRED", message)
        kind = wanted.upper()
        if kind not in LABEL_FORMATS:
            message = f"The file_format must be one of {', '.join(LABEL_FORMATS)}."
            raise Refusal(422, "SHIPMENT.POSTAGE.INVALID_FORMAT", message)
        if kind not in found.label.formats:
            found.label.formats.append(kind)
        return self._answer(request, found)

    def file(self, request: Request) -> Response:
        """Return a label's file; like EasyPost's file store it asks for no key."""
        name, _, ending = request.params["file"].partition(".")
        for label in self._books.labels.values():
            if label.id == name and ending.upper() in label.formats:
                body = label_file(
                    label.tracking_code, f"{label.carrier} {label.service}", ending.upper()
                )
                return Response(200, body, (), CONTENT_TYPES[ending.upper()])
        return not_found().response()

    # refunds

    def refund(self, request: Request) -> Response:
        """Ask for a shipment's postage back."""
        found = self._find(request)
        self._carriers.request_refund(found)
        return self._answer(request, found)

    def create_refunds(self, request: Request) -> Response:
        """Ask for the postage of several tracking codes back; all or none."""
        given = object_of(request, "refund")
        codes = given.get("tracking_codes")
        if isinstance(codes, str):
            codes = [code.strip() for code in codes.split(",")]
        if not isinstance(codes, list) or not codes:
            raise Refusal(422, "REFUND.TRACKING_CODES.INVALID", "tracking_codes must be a list.")
        shipments = []
        for code in dict.fromkeys(str(entry) for entry in codes):
            label = self._books.labels.get(code)
            if label is None or label.carrier.lower() != str(given.get("carrier", "")).lower():
                message = f"No postage with the tracking code {code} was found."
                raise Refusal(422, "REFUND.TRACKING_CODE.NOT_FOUND", message)
            shipments.append(self._books.shipments[label.shipment_id])
            self._carriers.refundable(shipments[-1])
        made = [self._carriers.request_refund(entry) for entry in shipments]
        return Response.json([self._wire.refund(entry) for entry in made], 201)

    def refund_by_id(self, request: Request) -> Response:
        """Return a refund."""
        return Response.json(self._wire.refund(_known(self._books.refunds, request.params["id"])))

    def list_refunds(self, request: Request) -> Response:
        """Return a page of refunds."""
        found, more = page_of(list(self._books.refunds.values()), request.query)
        rows = [self._wire.refund(entry) for entry in found]
        return Response.json({"refunds": rows, "has_more": more})

    def rate(self, request: Request) -> Response:
        """Return a rate."""
        return Response.json(self._wire.rate(_known(self._books.rates, request.params["id"])))

    # parts

    def _answer(self, request: Request, found: Shipment, status: int = 200) -> Response:
        body = self._wire.shipment(found, self._files_url(request))
        place = [("Location", f"/api/v2/shipments/{found.id}")] if status == 201 else []
        return Response.json(body, status, place)

    def _rates(self, found: Shipment) -> Response:
        return Response.json({"rates": [self._wire.rate(rate) for rate in found.rates]})

    def _files_url(self, request: Request) -> str:
        if self._settings.public_url:
            return self._settings.public_url.rstrip("/")
        host = request.header("host", "api.easypost.com")
        plain = not self._kit.config.tls_certificate_path and not host.endswith("easypost.com")
        return f"{'http' if plain else 'https'}://{host}"

    def _find(self, request: Request) -> Shipment:
        key = request.params["id"]
        found = self._books.shipments.get(key) or self._books.by_reference.get(key)
        if found is None:
            raise not_found()
        return found

    def _shipment(self, given: dict[str, Any], accounts: list[Account]) -> Shipment:
        errors = [
            field_error(name, "Required and missing.")
            for name in ("to_address", "from_address", "parcel")
            if not given.get(name)
        ]
        if errors:
            raise invalid_shipment(errors)
        customs = given.get("customs_info")
        kept = options(given.get("options"), accounts[0].currency if accounts else "USD")
        parcel = self._parcel(given["parcel"])
        to_address = self._address(given["to_address"], "to_address")
        from_address = self._address(given["from_address"], "from_address")
        other = {
            name: self._address(given[name], name) if given.get(name) else default
            for name, default in (("return_address", from_address), ("buyer_address", to_address))
        }
        return self._carriers.add_shipment(
            to_address=to_address,
            from_address=from_address,
            parcel=parcel,
            options=kept,
            reference=text(given.get("reference")),
            is_return=bool(given.get("is_return")),
            customs_info=customs if isinstance(customs, dict) else None,
            accounts=accounts,
            **other,
        )

    def _accounts(self, given: Any) -> list[Account]:
        if not given:
            return list(self._books.accounts)
        wanted = given if isinstance(given, list) else [given]
        by_id = {account.id: account for account in self._books.accounts}
        found = []
        for entry in wanted:
            identity = entry.get("id") if isinstance(entry, dict) else entry
            if identity not in by_id:
                message = f"The carrier account {identity} does not exist."
                raise Refusal(422, "SHIPMENT.RATE.CARRIER_ACCOUNT_INVALID", message)
            found.append(by_id[identity])
        return found

    def _address(self, given: Any, field: str) -> Address:
        identity = _reference(given)
        if identity is not None:
            return _known(self._books.addresses, identity)
        if not isinstance(given, dict):
            raise invalid_shipment([field_error(field, "must be an object")])
        found = self._carriers.add_address(address_fields(given))
        strict = bool(given.get("verify_strict"))
        wanted = strict or bool(given.get("verify"))
        if wanted and not verify(found, self._kit.seed, self._books.now()) and strict:
            raise refused(found)
        return found

    def _parcel(self, given: Any) -> Parcel:
        identity = _reference(given)
        if identity is not None:
            return _known(self._books.parcels, identity)
        if not isinstance(given, dict):
            raise invalid_shipment([field_error("parcel", "must be an object")])
        return self._carriers.add_parcel(parcel_fields(given))


def _known(items: dict[str, T], identity: str) -> T:
    found = items.get(identity)
    if found is None:
        raise not_found()
    return found


def _reference(given: Any) -> str | None:
    """Return the id by which a caller names a record it has created before."""
    if isinstance(given, str):
        return given
    return text(given.get("id")) if isinstance(given, dict) else None


def _checks(body: dict[str, Any]) -> dict[str, Any]:
    if body.get("verify_carrier"):
        raise not_modelled("verify_carrier")
    return {name: body[name] for name in ("verify", "verify_strict") if body.get(name)}
