"""Canaries: every form in which a secret turns up is seen, and what was seen is never told."""

import pytest

from peakproof.assortment import draw_card_number
from peakproof.canaries import Canaries, gather
from peakproof.plan import Customer, Plan, Shop, Stage, Step
from peakproof.seed import Seed

ADA = Customer(
    email="Ada.Love@example.com",
    first_name="Ada",
    last_name="Love",
    phone="+15125550001",
    address1="1 Añil & Sons St",
)
CARD = draw_card_number(Seed(7))


def world() -> Canaries:
    note = Step(at_seconds=0, actor="ada", system="shopify", action="checkout",
                arguments={"note": f"my card {CARD}", "other": "4111111111111111"})  # fmt: skip
    plan = Plan(
        scenario="story", seed=1, options={}, shop=Shop(customers=[ADA]),
        stages=[Stage(name="day", steps=[note])],
    )  # fmt: skip
    values = {
        "shopify": {"access_token": "shpat_0123456789", "url": "https://shop.example"},
        "gateway": {"publishable_key": "pk_test_public_0", "secret_key": "sk_test_hidden_0"},
        "postgres": {"dsn": "postgresql://user@host/database"},
    }
    return gather(plan, values, [{"token": ["shpat_issued_later"]}])


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("X-Shopify-Access-Token: shpat_0123456789", "token"),
        ("Bearer sk_test_hidden_0", "token"),
        ("renewed to shpat_issued_later", "token"),
        ("to ada.love@EXAMPLE.com", "e-mail address"),
        ("GET /customers?email=Ada.Love%40example.com", "e-mail address"),
        ('{"phone":"+15125550001"}', "phone number"),
        ("<p>1 Añil &amp; Sons St</p>", "street"),
        ('"1 A\\u00f1il & Sons St"', "street"),
        (f"note: {CARD}", "card number"),
        (f"{CARD[:4]} {CARD[4:8]} {CARD[8:12]} {CARD[12:]}", "card number"),
    ],
)
def test_a_secret_is_seen_in_the_forms_that_texts_have(text: str, kind: str) -> None:
    (canary,) = world().seen_in(text)
    assert canary.kind == kind
    assert canary.owner in ("", "ada.love@example.com")


def test_what_everybody_may_know_is_no_canary() -> None:
    text = "https://shop.example pk_test_public_0 postgresql://user@host/database Ada Love #1001"
    assert not world().seen_in(f"{text} 4111111111111111 gid://shopify/Order/5000000000001")


def test_a_masked_canary_tells_little() -> None:
    (canary,) = world().seen_in("shpat_0123456789")
    assert canary.masked == "sh... (16 characters)"
    assert "0123" not in repr(canary)


def test_each_is_counted_once_and_short_words_not_at_all() -> None:
    canaries = world()
    canaries.add("token", "shpat_0123456789")
    canaries.add("token", "short")
    assert canaries.count == {
        "token": 3, "e-mail address": 1, "phone number": 1, "street": 1, "card number": 1,
    }  # fmt: skip


def test_nobody_knows_anything() -> None:
    assert not Canaries().seen_in("anything")


def test_a_card_number_passes_the_check_of_its_digits() -> None:
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(CARD)]
    assert len(CARD) == 16
    assert sum(sum(divmod(number, 10)) for number in doubled) % 10 == 0
