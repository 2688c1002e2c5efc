"""Generated days: a connector that does right is never blamed, planted defects are found."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from peakproof.evidence import Result, Story, example_claims
from peakproof.figures import figures
from peakproof.invariants import REGISTRY, judge
from peakproof.outcomes import Verdict
from tests.evidence.honest import cents, days, live_numbers, play

outages = st.none() | st.tuples(st.floats(2, 10), st.floats(11, 25))
shops = st.fixed_dictionaries(
    {"tax_rate": st.sampled_from(["0", "0.0825", "0.19"]), "taxes_included": st.booleans()}
)


def verdicts(story: Story, *names: str) -> dict[str, Result]:
    results = judge(story.history(), example_claims(), story.plan(), names or sorted(REGISTRY))
    return {result.name: result for result in results}


@given(days, outages, shops, st.integers(1, 9))
@settings(max_examples=150, deadline=None)
def test_an_honest_connector_is_never_blamed(drawn, outage, shop, stock) -> None:
    day = play(drawn, outage=outage, stock=stock, **shop)
    day.story.finish(90.0, "settled").finish(95.0, "reconciled")
    for result in verdicts(day.story).values():
        assert result.verdict in (Verdict.PASS, Verdict.UNKNOWN, Verdict.NOT_CLAIMED), result
        assert "check itself failed" not in result.summary, result
    assert figures(day.story.history(), example_claims(), day.story.plan()).business


@given(days, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_a_lost_order_is_always_found(drawn, random) -> None:
    story = play(drawn).story
    live = live_numbers(story)
    assume(live)
    lost = random.choice(live)
    (identity,) = story.correlation.pop(lost)
    del story.odoo[identity]
    story.events = [e for e in story.events if (e.name, e.key) != ("sale_order", str(identity))]
    found = verdicts(story.finish(), "orders_exactly_once", "events_end_visibly")
    for result in found.values():
        assert result.verdict is Verdict.VIOLATED
        assert any(f"#{lost} " in finding.subject for finding in result.findings)


@given(days, st.randoms(use_true_random=False), st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_duplicate_is_always_found(drawn, random, cancelled_later) -> None:
    story = play(drawn).story
    live = live_numbers(story)
    assume(live)
    doubled = random.choice(live)
    second = story.imported(61.0, doubled, correlate=not cancelled_later)
    if cancelled_later:
        story.cancelled_in_odoo(62.0, second)
    result = verdicts(story.finish(), "orders_exactly_once")["orders_exactly_once"]
    assert result.verdict is Verdict.VIOLATED
    assert any(f"#{doubled} " in finding.subject for finding in result.findings)


@given(days, shops, st.randoms(use_true_random=False), st.sampled_from([-1, 1]))
@settings(max_examples=60, deadline=None)
def test_one_cent_off_is_always_found(drawn, shop, random, change) -> None:
    story = play(drawn, **shop).story
    live = live_numbers(story)
    assume(live)
    number = random.choice(live)
    sale = story.odoo[story.correlation[number][0]]
    place = random.choice(["line total", "line tax", "amount_tax", "amount_total"])
    if place.startswith("line"):
        line = random.choice(sale["lines"])
        name = place.removeprefix("line ")
        line[name] = cents(line[name], change)
    else:
        sale[place] = cents(sale[place], change)
    result = verdicts(story.finish(), "order_content")["order_content"]
    assert result.verdict is Verdict.VIOLATED
    assert all(f"#{number} " in finding.subject for finding in result.findings)


@given(days, st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_an_oversold_unit_is_always_found(drawn, raised) -> None:
    # Without deeds whose outcome nobody knows: those leave honest doubt about what is left.
    sure = [one for one in drawn if one[1][0] != "store" or one[1][3] == "ok"]
    story = play(sure).story
    truth = story.available["MUG"]
    assume(truth >= 0)  # what the stores sold beyond it is theirs, and no order's
    story.pushed(61.0, "MUG", truth + raised)
    taken = story.checkout(62.0, "5000", {"MUG": truth + raised})
    assert taken
    result = verdicts(story.finish(), "no_oversell")["no_oversell"]
    assert result.verdict is Verdict.VIOLATED
    assert result.figures["oversold_units"] == raised
    assert "order #5000" in result.findings[0].subject


@given(days, st.sampled_from([1, 5]))
@settings(max_examples=60, deadline=None)
def test_a_level_that_is_off_is_always_found(drawn, change) -> None:
    story = play(drawn).story
    assume(story.orders)
    story.pushed(61.0, "TEE", max(0, story.available["TEE"]) + change)
    result = verdicts(story.finish(), "stock_conserved")["stock_conserved"]
    assert result.verdict is Verdict.VIOLATED
    assert any(finding.subject == "TEE@MAIN" for finding in result.findings)
