"""Draws the shop of a story: products with bar codes, customers with addresses, prices.

Every draw comes from the run's seed; names and addresses are Faker's, e-mail addresses end in
example.com, which nobody owns.
"""

import unicodedata
from typing import NamedTuple

from faker import Faker

from peakproof.plan import (
    Customer,
    DiscountCode,
    Location,
    Product,
    ShippingRate,
    Shop,
    TaxRule,
    Variant,
)
from peakproof.seed import Seed

__all__ = ["draw_card_number", "draw_customers", "draw_shop"]

_NOUNS = ("Tee", "Hoodie", "Mug", "Lamp", "Chair", "Scarf", "Candle", "Backpack", "Poster", "Vase")
_KINDS = ("Classic", "Alpine", "Harbour", "Linen", "Copper", "Moss", "Ivory", "Slate")
_MAIN = Location(code="MAIN", name="Main store")


def draw_shop(
    seed: Seed,
    *,
    products: int,
    stock: int,
    customers: int,
    locations: tuple[Location, ...] = (_MAIN,),
    taxes_included: bool = False,
    plan: str = "standard",
    country: str = "US",
) -> Shop:
    """Return a shop whose every variant holds ``stock`` units at the first location.

    Its customers live in ``country`` (US or ES).
    """
    random = seed.stream("shop")
    drawn = [
        _product(random.randrange(10**9), number, stock, locations)
        for number in range(1, products + 1)
    ]
    for product in drawn:
        for variant in product.variants:
            variant.price = f"{random.randrange(500, 12000) / 100:.2f}"
            variant.weight_grams = random.randrange(50, 3000)
    return Shop(
        plan=plan,
        taxes_included=taxes_included,
        tax=TaxRule(title="State tax", rate="0.0825"),
        locations=list(locations),
        products=drawn,
        customers=draw_customers(seed, customers, country),
        shipping_rates=[
            ShippingRate(title="Standard", price="5.90"),
            ShippingRate(title="Express", price="14.50"),
        ],
        discount_codes=[
            DiscountCode(code="TENOFF", kind="percentage", value="10"),
            DiscountCode(code="FIVE", kind="fixed", value="5.00"),
        ],
    )


def _product(draw: int, number: int, stock: int, locations: tuple[Location, ...]) -> Product:
    title = f"{_KINDS[draw % len(_KINDS)]} {_NOUNS[number % len(_NOUNS)]} {number}"
    variant = Variant(
        sku=f"PP-{number:04d}",
        title=title,
        price="0.00",
        barcode=_ean13(number),
        stock={locations[0].code: stock},
    )
    return Product(title=title, variants=[variant])


def _ean13(number: int) -> str:
    """Return a valid EAN-13 of the range for in-store use (prefix 20)."""
    digits = f"20{number:010d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def draw_card_number(seed: Seed) -> str:
    """Return a card number that could be one (its check digit is right) and is nobody's."""
    digits = f"424242{seed.stream('card number').randrange(10**9):09d}"
    doubled = (
        2 * int(digit) if place % 2 == 0 else int(digit) for place, digit in enumerate(digits)
    )
    return f"{digits}{-sum(sum(divmod(number, 10)) for number in doubled) % 10}"


class _Country(NamedTuple):
    """Where people live: Faker's locale, a state and how its postal codes and phones begin."""

    locale: str
    province_code: str
    zip_pattern: str
    phone_prefix: str


_COUNTRIES = {
    "US": _Country("en_US", "TX", "787##", "+1512555"),
    "ES": _Country("es_ES", "SE", "410##", "+34955010"),
}


def draw_customers(seed: Seed, count: int, country: str = "US") -> list[Customer]:
    """Return that many different people in a country (US or ES)."""
    home = _COUNTRIES[country]
    fake = Faker(home.locale, use_weighting=False)
    fake.seed_instance(seed.number("customers"))
    people = []
    for number in range(1, count + 1):
        first, last = fake.first_name(), fake.last_name()
        people.append(
            Customer(
                email=_plain(f"{first}.{last}.{number}@example.com"),
                first_name=first,
                last_name=last,
                phone=f"{home.phone_prefix}{number:04d}",
                address1=fake.street_address(),
                city=fake.city(),
                province_code=home.province_code,
                zip=fake.numerify(home.zip_pattern),
                country_code=country,
            )
        )
    return people


def _plain(text: str) -> str:
    """Return an address for mail without spaces and accents."""
    letters = unicodedata.normalize("NFKD", text.lower().replace(" ", ""))
    return letters.encode("ascii", "ignore").decode()
