"""Starts the partners of a world: one WireMock that plays all of them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from peakproof.connector import ConnectorSpec
from peakproof.contracts import Contract, chosen
from peakproof.errors import WaitExpired, WorldFailed
from peakproof.partners import Partners, write_mappings
from peakproof.runtime.certificates import LOCAL_NAMES, Authority
from peakproof.runtime.site import Site
from peakproof.runtime.wiremock import arguments, keystore
from peakproof.seed import Clock, Seed, wait_until
from peakproof.store import RunFolder

__all__ = ["chosen_by", "start_partners"]

NAME = "partners"
START_LIMIT_SECONDS = 60.0


def chosen_by(spec: ConnectorSpec, wanted: Iterable[str]) -> list[Contract]:
    """Return the partners of a story, as a connector wants them played; raises BadFile."""
    own = {part: spec.path(folder) for part, folder in spec.partners.items()}
    return chosen(wanted, spec.systems, own)


def start_partners(
    contracts: Sequence[Contract],
    site: Site,
    folder: RunFolder,
    authority: Authority,
    clock: Clock,
    seeds: Seed,
    on_event: Callable[[str, dict[str, Any]], None],
) -> Partners:
    """Start WireMock with the mappings of ``contracts`` and wait until it answers.

    Raises WorldFailed with its last log lines, BadFile for a mapping that makes no sense.
    """
    place = folder.path / NAME
    place.mkdir(mode=0o700)
    drawn = {contract.part: contract.draw(seeds) for contract in contracts}
    write_mappings(contracts, drawn, place)
    host, port, password = site.host(NAME), site.port(NAME), seeds.token("control partners")
    certificate = authority.issue(*dict.fromkeys((*LOCAL_NAMES, host)))
    store = keystore(certificate, place / "keystore.p12")
    program = site.wiremock(
        NAME, arguments(place, store, host, port, password), place, folder.log(NAME), on_event
    )
    program.start()
    url = f"https://{host}:{port}"
    by_part = {contract.part: contract for contract in contracts}
    partners = Partners(by_part, drawn, url, str(authority.bundle_path), password, clock)

    def answers() -> bool:
        if not program.running:
            raise WorldFailed(NAME, f"ended with {program.exit_code}", program.last_lines(15))
        return partners.ready()

    try:
        wait_until(answers, START_LIMIT_SECONDS, f"WireMock to answer at {url}")
    except WaitExpired as error:
        raise WorldFailed(NAME, str(error), program.last_lines(15)) from error
    return partners
