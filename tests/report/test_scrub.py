"""What counts as a secret, and what must not."""

import pytest

from peakproof.report.scrub import HIDDEN, clean_text, scrub
from tests.report.story import gate


def scrubbed(text, secrets=()):
    """Return a text as it comes out of a scrubbed record."""
    record, _ = gate()
    record.runs[0].notes = [text]
    return scrub(record, secrets).runs[0].notes[0]


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("token shpss_ABCDEF0123456789 used", "shpss_ABCDEF0123456789"),
        ("postgresql://odoo:geheim@127.0.0.1/db", "odoo:geheim"),
        ("Authorization: Bearer abcdefghijklmnop", "abcdefghijklmnop"),
    ],
)
def test_shapes_are_hidden(text, hidden):
    assert hidden not in scrubbed(text)
    assert HIDDEN in scrubbed(text)


@pytest.mark.parametrize(
    "text",
    [
        "gid://shopify/Order/1001",
        "the key word is webhook",
        "order #1001, 12.50 USD, TEE-M",
        "http://127.0.0.1:8069/json/2",
        "basic stock of a bearer of news",
    ],
)
def test_plain_words_stay(text):
    assert scrubbed(text) == text


def test_given_secrets_are_hidden_but_short_ones_would_garble():
    assert scrubbed("a-secret-word and odd", ["a-secret-word", "odd"]) == f"{HIDDEN} and odd"


def test_overlapping_secrets_leave_no_rest():
    assert scrubbed("abcdef-ghijkl", ["abcdef", "abcdef-ghijkl"]) == HIDDEN


def test_clean_text_keeps_lines_and_letters():
    assert clean_text("a\x1b[31mb\x1b[0m\x00\n\tä\u2028") == "ab\ufffd\n\tä\u2028"
