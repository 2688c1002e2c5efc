"""docs/shopify_operations.md says what the simulator models, no more and no less."""

from pathlib import Path

from simulators.shopify.operations import DEFAULT_PATH, page
from simulators.shopify.published import load_index

ROOT = Path(__file__).parents[3]


def test_the_page_in_docs_is_the_generated_one() -> None:
    written = (ROOT / DEFAULT_PATH).read_text()
    assert written == page(), "run: python -m simulators.shopify.operations"


def test_every_published_operation_is_listed_once() -> None:
    text = page()
    for kind in ("QueryRoot", "Mutation"):
        for name in load_index("2026-10").root(kind):
            assert f"`{name}`" in text, name
