"""The load generator counts right answers only, and every request it sends really arrives."""

import os

import pytest

from benchmarks.load import Shot, cpu_seconds, fire
from benchmarks.simulator_throughput import cart, shop
from peakproof.seed import wait_until
from peakproof.simkit import Hosted
from tests.simkit.example import create
from tests.simkit.worlds import make_config


@pytest.fixture
def example(tmp_path):
    with Hosted(create, make_config(tmp_path)) as hosted:
        yield hosted


def act(hosted, marker=b'"id":'):
    """Return the request that creates an order by the control API."""
    token = hosted.client._http.headers["Authorization"]
    return Shot(
        name="create",
        path="/_peakproof/act",
        headers={"Authorization": token},
        bodies=[
            b'{"action":"checkout","arguments":{"sku":"%s"},"actor":"shopper-1"}' % sku
            for sku in (b"A", b"B")
        ],
        marker=marker,
    )


def test_every_answer_is_an_order(example):
    load = fire(act(example), example.port, seconds=20, count_max=400, connections=8)
    assert (load.answered, load.wrong) == (400, 0)
    skus = [order["sku"] for order in example.client.snapshot()["order"].values()]
    assert (skus.count("A"), skus.count("B")) == (200, 200)
    assert 0 < load.median_seconds <= load.p99_seconds < load.seconds
    assert load.per_second == pytest.approx(400 / load.seconds)
    assert load.body_bytes > 10


def test_time_bounds_it(example):
    load = fire(act(example), example.port, seconds=0.3, count_max=10**9, connections=4)
    assert load.answered > 0
    assert load.seconds < 5


def test_answers_without_the_marker_are_wrong(example):
    load = fire(act(example, b"no such thing"), example.port, 5, count_max=20, connections=2)
    assert load.wrong == load.answered == 20
    assert load.per_second == 0
    assert load.first_wrong.startswith("200 ")


def test_refusals_are_wrong(example):
    shot = act(example)
    refused = Shot(name="x", path=shot.path, headers={}, bodies=shot.bodies, marker=b"")
    load = fire(refused, example.port, 5, count_max=10, connections=2)
    assert load.wrong == 10
    assert load.first_wrong.startswith("401 ")


def test_processor_time_is_read():
    before = cpu_seconds(os.getpid())
    wait_until(lambda: cpu_seconds(os.getpid()) > before, 20, "some work", poll_seconds=0)
    assert cpu_seconds(os.getpid()) - before < 20


def test_nobody_listens(example):
    with pytest.raises(OSError, match="refused"):
        fire(act(example), 1, seconds=1, count_max=1, connections=1)


def test_the_shop_sells_what_the_cart_holds():
    skus = {variant.sku for variant in shop().variants()}
    assert {line["sku"] for line in cart()["lines"]} <= skus
