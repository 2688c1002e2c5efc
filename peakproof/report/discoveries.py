"""What the explorer found: its record, and a plan told in words."""

import msgspec
from rich.console import Console

from peakproof.plan import Plan, Step

__all__ = ["Discovery", "ExploreRecord", "in_words", "print_explored"]

LONGEST = 90


class Discovery(msgspec.Struct, kw_only=True):
    """A way in which something went wrong, and the shortest story that shows it.

    ``others`` are what goes wrong in that story besides; ``runs`` were spent on shortening.
    """

    scenario: str
    seed: int
    invariant: str
    what: str
    found: str
    others: list[str]
    steps: int
    faults: list[str]
    steps_before: int
    runs: int
    file: str
    command: str


class ExploreRecord(msgspec.Struct, kw_only=True):
    """An exploration: ``seeds`` are the first and the last, ``stories`` those drawn."""

    connector: str
    seeds: list[int]
    stories: int
    runs: int
    duration_seconds: float
    discoveries: list[Discovery]


def print_explored(record: ExploreRecord, console: Console) -> None:
    """Print every discovery with the command that plays it."""
    for found in record.discoveries:
        console.print()
        console.print(f"✗ {found.invariant}: {found.what}", style="bold", markup=False)
        console.print(f"  {found.found}", markup=False)
        faults = ", ".join(found.faults) or "no fault"
        console.print(f"  {found.steps} of {found.steps_before} steps left, {faults}", markup=False)
        if found.others:
            console.print(f"  besides: {'; '.join(found.others)}", markup=False)
        console.print(f"  again: {found.command}", markup=False, soft_wrap=True)
    first, last = record.seeds
    console.print()
    console.print(
        f"{record.connector}: {len(record.discoveries)} ways to fail in {record.stories} random "
        f"stories (seeds {first} to {last}; {record.runs} runs with shortening) in "
        f"{record.duration_seconds / 60:.1f} min."
    )


def in_words(plan: Plan) -> list[str]:
    """Return the story of a plan, a line for each step and fault."""
    lines = [f"{plan.scenario}, seed {plan.seed}"]
    for stage in plan.stages:
        if not stage.steps and not stage.faults:
            continue
        lines.append(f"{stage.name}{', then all comes to rest' if stage.settle else ''}:")
        moments = [(step.at_seconds, _step(step)) for step in stage.steps]
        for fault in stage.faults:
            options = ", ".join(f"{name}={value}" for name, value in fault.options.items())
            moments.append((fault.at_seconds, f"! {fault.fault} {options}".rstrip()))
        lines += [f"  {at:5.1f} s  {what}" for at, what in sorted(moments)]
    return lines


def _step(step: Step) -> str:
    shown = {
        name: f"<{value['$result']}>" if isinstance(value, dict) and "$result" in value else value
        for name, value in step.arguments.items()
        if name != "customer"
    }
    told = ", ".join(f"{name}={value}" for name, value in shown.items())
    label = f" ({step.label})" if step.label else ""
    line = f"{step.actor}: {step.action}{label} {told}"
    return line if len(line) <= LONGEST * 2 else f"{line[: LONGEST * 2 - 3]}..."
