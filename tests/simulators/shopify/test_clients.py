"""The official clients, unmodified, over TLS: Python's ShopifyAPI and two for Node."""

import json
import os
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from peakproof.runtime.certificates import Authority
from tests.simulators.shopify.conftest import TOKEN
from tests.simulators.shopify.published import NODE_FOLDER, node_folder
from tests.simulators.shopify.receiver import Receiver

HERE = Path(__file__).parent
CUSTOMER = {"email": "bob@example.com", "first_name": "Bob", "last_name": "B",
            "address1": "2 St", "city": "Austin", "province_code": "TX", "zip": "78701",
            "country_code": "US"}  # fmt: skip


@pytest.fixture
def secure(open_store: Callable[..., Any], tmp_path: Path) -> Any:
    """Return a store behind TLS with two orders, and the path of its authority."""
    authority = Authority(tmp_path / "certificates")
    leaf = authority.issue()
    store = open_store(
        verify=str(authority.bundle_path),
        tls_certificate_path=str(leaf.certificate_path),
        tls_key_path=str(leaf.key_path),
    )
    for card in ("", "GIFT-0001-ABCD"):
        store.client.act("checkout", {"lines": [{"sku": "MUG", "quantity": 1}], "gift_card": card,
                                      "customer": CUSTOMER, "shipping": "Standard"})  # fmt: skip
    return store, str(authority.bundle_path)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def run(*command: str, **environment: str) -> Any:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, env={**os.environ, **environment}
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout.splitlines()[-1])


def test_shopify_api_for_python(secure: Any) -> None:
    store, bundle = secure
    store.client.act("fulfil_order", {"order_id": "#1001"})
    variant = store.seeded["variants"]["TEE-S"]["variant"]
    seen = run(
        sys.executable, str(HERE / "shopify_api_client.py"), str(store.hosted.port), TOKEN,
        variant, SSL_CERT_FILE=bundle,
    )  # fmt: skip
    assert seen["shop"] == seen["graphql"]["name"] == "Peak Demo"
    assert seen["currency"] == "USD"
    assert len(set(seen["orders"])) == 2
    assert seen["more"] is False
    assert seen["exchanged"] == {
        "return": {
            "status": "CLOSED",
            "exchangeLineItems": {"nodes": [{"lineItems": [{"sku": "TEE-S"}]}]},
        },
        "userErrors": [],
    }
    paid = [("sale", "gift_card", "3.00"), ("sale", "shopify_payments", "12.28")]
    assert [(one["kind"], one["gateway"], one["amount"]) for one in seen["paid"]] == paid
    assert seen["paid"][0]["receipt"]["gift_card_last_characters"] == "abcd"
    assert 0 < seen["used"] < seen["limit"] == 40


@pytest.mark.node
def test_official_node_clients_and_the_webhook_validator(
    secure: Any, receiver: Receiver, tmp_path: Path
) -> None:
    store, bundle = secure
    store.http.close()
    store.client.inject("webhook", {"effect": "forge", "count": 1})
    script = """mutation($uri: String!) { webhookSubscriptionCreate(topic: INVENTORY_LEVELS_UPDATE,
      webhookSubscription: {uri: $uri}) { userErrors { message } } }"""
    answer = httpx.post(
        f"{store.url}/admin/api/2026-10/graphql.json",
        json={"query": script, "variables": {"uri": receiver.url}},
        headers={"X-Shopify-Access-Token": TOKEN},
        verify=ssl.create_default_context(cafile=bundle),
    )
    assert answer.json()["data"]["webhookSubscriptionCreate"]["userErrors"] == []
    store.client.act("set_inventory", {"sku": "MUG", "location_code": "NY", "available": 3})
    received = [{"headers": headers, "body": body.decode()} for headers, body in receiver.wait(2)]
    forged = next(entry for entry in received if "FORGED" in entry["body"])
    genuine = next(entry for entry in received if "FORGED" not in entry["body"])
    file = tmp_path / "webhook.json"
    file.write_text(json.dumps({"genuine": genuine, "forged": forged}))
    script_path = node_folder() / "clients.mjs"
    script_path.write_text((NODE_FOLDER / "clients.mjs").read_text())
    seen = run(
        "node", str(script_path), f"127.0.0.1:{store.hosted.port}", TOKEN, str(file),
        NODE_EXTRA_CA_CERTS=bundle,
    )  # fmt: skip
    assert seen["adminClient"] == ["Tee", "Mug"]
    assert seen["adminErrors"] is None
    assert seen["adminRefused"] == "Field 'nothing' doesn't exist on type 'Shop'"
    assert seen["graphql"]["name"] == "Peak Demo"
    assert len(set(seen["rest"] + seen["restNext"])) == 2
    assert seen["genuine"] == "valid"
    assert seen["forged"] == "invalid_hmac"
