"""A seeded point of sale over real TCP, Square's own client for it, and a strict reader."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import httpx
import msgspec
import pytest
from pydantic import BaseModel, TypeAdapter
from square import Square

from peakproof.plan import Customer, Location, Product, Shop, TaxRule, Variant
from peakproof.seed import wait_until
from peakproof.simkit import Hosted
from simulators.pos import create
from tests.simkit.worlds import events, make_config

TOKEN = "EAAA-test"


class Till:
    """A running simulator. ``square`` is the official client; ``answers`` what it received."""

    def __init__(self, hosted: Hosted, config: Any, seeded: dict[str, Any]) -> None:
        self.hosted, self.config, self.seeded = hosted, config, seeded
        self.answers: list[bytes] = []
        self.http = httpx.Client(timeout=20, trust_env=False)
        self.http.event_hooks["response"] = [self._keep]
        self.square = Square(token=TOKEN, base_url=hosted.url, httpx_client=self.http)
        self.raw = httpx.Client(
            base_url=hosted.url, headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False
        )
        self._keys = 0

    def _keep(self, response: httpx.Response) -> None:
        response.read()
        self.answers.append(response.content)

    def close(self) -> None:
        self.http.close()
        self.raw.close()

    def key(self) -> str:
        """Return an idempotency key that was not used yet."""
        self._keys += 1
        return f"key-{self._keys}"

    def act(self, action: str, **arguments: Any) -> dict[str, Any]:
        """Act as a person in the shop."""
        return self.hosted.client.act(action, arguments, "store-1")

    def snapshot(self, entity: str) -> dict[str, Any]:
        """Return the final records of an entity."""
        return self.hosted.client.snapshot()[entity]

    def place(self, code: str = "NY") -> str:
        """Return a location's id."""
        return str(self.seeded["locations"][code])

    def variation(self, sku: str = "TEE") -> str:
        """Return a variation's id."""
        return str(self.seeded["variations"][sku])

    def level(self, sku: str = "TEE", code: str = "NY") -> int:
        """Return the units on a shelf, as Square tells them."""
        counts = self.square.inventory.batch_get_counts(
            catalog_object_ids=[self.variation(sku)],
            location_ids=[self.place(code)],
            states=["IN_STOCK"],
        )
        return sum(int(count.quantity or 0) for count in counts)

    def checked(self, result: Any) -> Any:
        """Return the client's result once the last answer fits its published model strictly.

        The client's models take anything; here every value must have its field's type and
        every field must be published.
        """
        model = type(result.response if hasattr(result, "iter_pages") else result)
        value = msgspec.json.decode(self.answers[-1])
        fits(model, value)
        return result

    def wait_for(self, kind: str, name: str, count: int = 1) -> list[Any]:
        """Wait until the journal holds so many events of a kind and name; return them."""

        def found() -> list[Any]:
            return [event for event in events(self.config, kind) if event.name == name]

        wait_until(lambda: len(found()) >= count, 10, f"{count} events {kind} {name}")
        return found()


def fits(model: type[BaseModel], value: Any) -> None:
    """Assert that a value is what a published model says, with no field besides."""
    found = TypeAdapter(model).validate_python(_by_name(model, value), strict=False)
    _no_extras(found, model.__name__)


def _by_name(model: Any, value: Any) -> Any:
    """Return a value with the client's field names instead of the wire's."""
    if isinstance(value, list):
        return [_by_name(None, item) for item in value]
    if not isinstance(value, dict):
        return value
    wire = {"last_4": "last4", "catalog_v1_ids": "catalog_v1ids"}
    return {_python_name(wire.get(name, name)): _by_name(None, item)
            for name, item in value.items()}  # fmt: skip


def _python_name(name: str) -> str:
    for number in "123":
        name = name.replace(f"address_line_{number}", f"address_line{number}")
        name = name.replace(f"_level_{number}", f"_level{number}")
    return name


def _no_extras(found: Any, path: str) -> None:
    if isinstance(found, list | tuple):
        for at, item in enumerate(found):
            _no_extras(item, f"{path}[{at}]")
    elif isinstance(found, BaseModel):
        assert not found.model_extra, f"{path}: not published: {sorted(found.model_extra)}"
        for name, field in type(found).model_fields.items():
            value = getattr(found, name)
            words = _words(field.annotation)
            assert not words or value is None or value in words, f"{path}.{name}: {value!r}"
            _no_extras(value, f"{path}.{name}")


def _words(annotation: Any) -> set[str]:
    """Return the words of an enumeration, which the client declares as "these, or anything"."""
    parts = [annotation, *get_args(annotation)]
    parts += [inner for part in parts for inner in get_args(part)]
    return {word for part in parts if get_origin(part) is Literal for word in get_args(part)}


def plan(**changes: Any) -> Shop:
    """Return a small shop: two places, a tax of 8.25 % on top, three variants."""
    settings: dict[str, Any] = {
        "name": "Corner Shop",
        "locations": [
            Location(code="NY", name="New York"),
            Location(code="LA", name="Los Angeles"),
        ],
        "products": [
            Product(
                title="Tee",
                variants=[
                    Variant(sku="TEE", title="M", price="20.00", stock={"NY": 50, "LA": 8}),
                    Variant(sku="TEE-L", title="L", price="21.50", stock={"NY": 5}),
                ],
            ),
            Product(
                title="Book",
                variants=[
                    Variant(sku="BOOK", title="", price="9.99", stock={"NY": 9}, taxable=False)
                ],
            ),
        ],
        "customers": [
            Customer(email="ada@example.com", first_name="Ada", last_name="Lovelace",
                     address1="1 Test St", city="Austin", province_code="TX", zip="78701"),
        ],
        "tax": TaxRule(title="Sales tax", rate="0.0825"),
    }  # fmt: skip
    return Shop(**(settings | changes))


@pytest.fixture
def open_till(tmp_path: Path) -> Iterator[Callable[..., Till]]:
    """Return a function that opens a shop; ``shop`` is its plan, the rest are options."""
    running: list[tuple[Hosted, Till]] = []

    def start(shop: Shop | None = None, **options: Any) -> Till:
        scale = options.pop("time_scale", 600.0)
        config = make_config(
            tmp_path, f"pos-{len(running)}", options={"access_token": TOKEN, **options},
            time_scale=scale,
        )  # fmt: skip
        hosted = Hosted(create, config)
        hosted.__enter__()
        found = Till(hosted, config, hosted.client.seed(shop or plan()))
        running.append((hosted, found))
        return found

    yield start
    for hosted, found in running:
        found.close()
        hosted.__exit__(None, None, None)


@pytest.fixture
def till(open_till: Callable[..., Till]) -> Till:
    return open_till()
