"""What must hold for every scenario of the registry: stable plans, names that resolve."""

import msgspec
import pytest

from peakproof import catalog, faults, invariants
from peakproof.connector import FLOWS
from peakproof.errors import UnknownName, UsageError
from peakproof.plan import Plan, Scenario
from peakproof.run import draw_plan, load_scenario

SCENARIOS = [load_scenario(name) for name in catalog.names("scenarios")]


def plan(scenario: Scenario, seed: int = 7, external: bool = True) -> Plan:
    return draw_plan(scenario, seed, {}, external)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
class TestEveryScenario:
    def test_same_seed_same_plan(self, scenario: Scenario) -> None:
        first = msgspec.json.encode(plan(scenario))
        assert first == msgspec.json.encode(plan(scenario))
        assert first != msgspec.json.encode(plan(scenario, seed=8))

    def test_a_stored_plan_is_the_plan(self, scenario: Scenario) -> None:
        drawn = plan(scenario)
        assert msgspec.json.decode(msgspec.json.encode(drawn), type=Plan) == drawn

    def test_names_resolve(self, scenario: Scenario) -> None:
        assert scenario.invariants
        assert set(scenario.invariants) <= set(invariants.REGISTRY)
        assert set(scenario.flows) <= set(FLOWS)
        assert set(scenario.simulators) <= set(catalog.names("simulators"))
        used = {fault.fault for stage in plan(scenario).stages for fault in stage.faults}
        assert used <= set(faults.REGISTRY)

    def test_references_point_to_earlier_labels(self, scenario: Scenario) -> None:
        labels: set[str] = set()
        for stage in plan(scenario).stages:
            labels |= {step.label for step in stage.steps if step.label}
            for step in stage.steps:
                for value in step.arguments.values():
                    if isinstance(value, dict) and "$result" in value:
                        assert value["$result"].rsplit(".", 1)[0] in labels

    def test_steps_buy_what_the_shop_sells(self, scenario: Scenario) -> None:
        drawn = plan(scenario)
        skus = {variant.sku for variant in drawn.shop.variants()}
        for stage in drawn.stages:
            for step in stage.steps:
                lines = step.arguments.get("lines", step.arguments.get("changes", []))
                assert {line["sku"] for line in lines} <= skus

    def test_unknown_and_wrong_options_are_refused(self, scenario: Scenario) -> None:
        with pytest.raises(UnknownName, match="option"):
            draw_plan(scenario, 1, {"nonsense": "1"}, external=True)
        name = msgspec.structs.fields(scenario.options)[0].name
        with pytest.raises(UsageError):
            draw_plan(scenario, 1, {name: "many"}, external=True)


def test_unknown_scenario_offers_the_nearest() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'flash_sale'"):
        load_scenario("flash_sail")


@pytest.mark.parametrize("given", ["line", "order", "drawn"])
def test_rounding_is_drawn_or_given(given: str) -> None:
    scenario = load_scenario("price_and_tax")
    drawn = {
        draw_plan(scenario, seed, {"rounding": given}, external=True).shop.tax_rounding
        for seed in range(1, 9)
    }
    methods = {"line": {"round_per_line"}, "order": {"round_globally"}}
    assert drawn == methods.get(given, {"round_per_line", "round_globally"})


def test_faults_for_outside_connectors_only_are_left_out_inside_odoo() -> None:
    scenario = load_scenario("lost_acknowledgement")

    def names(external: bool) -> list[str]:
        stages = plan(scenario, external=external).stages
        return [fault.fault for stage in stages for fault in stage.faults]

    assert "odoo_acknowledgement_lost" in names(external=True)
    assert "odoo_acknowledgement_lost" not in names(external=False)
