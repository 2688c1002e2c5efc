"""The control API and its client."""

from datetime import date, timedelta

import httpx
import pytest

from peakproof.errors import SimulatorRefused, UsageError, WorldFailed
from peakproof.plan import Product, Shop, Variant
from peakproof.simkit import Hosted, SimulatorClient, SimulatorConfig
from tests.simkit.example import create
from tests.simkit.worlds import TOKEN, events


@pytest.mark.parametrize("authorization", ["", "Bearer wrong", TOKEN, "bearer " + TOKEN])
def test_nothing_works_without_the_token(example: Hosted, authorization: str) -> None:
    url = example.url + "/_peakproof/pending"
    headers = {"Authorization": authorization} if authorization else {}
    answer = httpx.get(url, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthorized"


def test_the_client_tells_a_wrong_token(example: Hosted) -> None:
    client = SimulatorClient(example.url, "wrong")
    with pytest.raises(UsageError, match="token"):
        client.health()
    client.close()


def test_a_shop_is_seeded(example: Hosted) -> None:
    assert not example.client.health()["seeded"]
    shop = Shop(products=[Product(title="Mug", variants=[Variant(sku="M", title="", price="1")])])
    assert example.client.seed(shop) == {"variants": 1}
    assert example.client.health() == {
        "ready": True,
        "name": "example",
        "seeded": True,
        "version": "",
        "hosts": [],
    }


def test_business_days_pass(example: Hosted) -> None:
    client = example.client
    with pytest.raises(UsageError, match="reached today"):
        client.act("pass_days")
    client.seed(Shop(days_ago=3))
    first = date.fromisoformat(client.act("pass_days")["today"])
    assert date.fromisoformat(client.act("pass_days", {"days": 2})["today"]) - first == timedelta(2)
    with pytest.raises(UsageError, match="reached today"):
        client.act("pass_days")
    with pytest.raises(UsageError, match="holidays"):
        client.seed(Shop(holidays=["Christmas"]))


def test_a_business_day_goes_on(example: Hosted) -> None:
    client = example.client
    client.seed(Shop(days_ago=1, day_begins="00:20"))
    assert "T23:30:" in client.act("wait_until", {"time": "23:30"})["now"]
    with pytest.raises(UsageError, match="23:30"):
        client.act("wait_until")
    client.act("pass_days")
    assert "T12:00:" in client.act("wait_until", {"time": "12:00"})["now"]


def test_people_act_and_are_refused(example: Hosted) -> None:
    order = example.client.act("checkout", {"sku": "A"}, "shopper-1")
    assert example.client.snapshot() == {"order": {"1": order}}
    with pytest.raises(SimulatorRefused, match="nothing is left") as refused:
        example.client.act("checkout", {"sku": "SOLD-OUT"})
    assert refused.value.code == "sold_out"
    assert str(refused.value) == "sold_out: nothing is left"


def test_the_nearest_action_is_offered(example: Hosted) -> None:
    with pytest.raises(UsageError, match="Did you mean 'checkout'"):
        example.client.act("chekout")


def test_a_broken_action_is_not_a_refusal(example: Hosted) -> None:
    with pytest.raises(WorldFailed, match="ZeroDivisionError"):
        example.client.act("explode")


@pytest.mark.parametrize(
    ("path", "body"),
    [("seed", b'{"products":7}'), ("act", b"[]"), ("act", b'{"action":"checkout","arguments":3}')],
)
def test_a_wrong_call_is_told_so(example: Hosted, path: str, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = httpx.post(f"{example.url}/_peakproof/{path}", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "usage"


def test_faults_are_added_counted_and_removed(example: Hosted) -> None:
    client = example.client
    identity = client.inject("request", {"effect": "error", "match": "listOrders", "count": 2})
    statuses = [httpx.get(example.url + "/orders").status_code for _ in range(3)]
    assert statuses == [503, 503, 200]
    assert client.fired(identity) == 2
    client.heal(identity)
    client.heal(identity)
    assert client.fired(identity) == 2
    with pytest.raises(UsageError):
        client.heal("fault-99")
    with pytest.raises(UsageError, match="fault-99"):
        client.fired("fault-99")


def test_unknown_points_and_effects_are_refused(example: Hosted) -> None:
    with pytest.raises(UsageError, match="Did you mean 'expired_token'"):
        example.client.inject("expired_tokens", {})
    with pytest.raises(UsageError, match="Did you mean 'throttle'"):
        example.client.inject("request", {"effect": "throtle"})
    with pytest.raises(UsageError, match="options"):
        example.client.inject("request", {"effect": "error", "count": "many"})


def test_what_was_handed_out_is_told(example: Hosted) -> None:
    assert example.client.secrets() == {"token": []}


def test_control_is_neither_journalled_nor_broken_by_faults(config: SimulatorConfig) -> None:
    with Hosted(create, config) as hosted:
        hosted.client.inject("request", {"effect": "refuse"})
        hosted.client.act("checkout", {})
        assert hosted.client.health()["ready"]
    assert not events(config, "request")
