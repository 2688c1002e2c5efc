"""Fixtures of the whole session: real Odoo, by one process runtime, and every partner.

The first session on a machine downloads and installs Odoo (two minutes); later ones start in
seconds from the cache.
"""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from peakproof.contracts import chosen, parts
from peakproof.runtime.odoo import OdooProcess
from peakproof.runtime.process import ProcessRuntime
from peakproof.runtime.template import Template
from tests.partners.served import Served, served

NUMBERS = itertools.count()

# How fast a machine is says nothing about the code: other tests run beside these.
settings.register_profile("peakproof", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("peakproof")


@pytest.fixture(scope="session")
def runtime() -> Iterator[ProcessRuntime]:
    """The session's process runtime."""
    with ProcessRuntime() as shared:
        yield shared


@pytest.fixture(scope="session")
def template(runtime: ProcessRuntime) -> Template:
    """The base template, warm."""
    made = runtime.prepare()
    runtime.warm(made)
    return made


@pytest.fixture
def new_odoo(
    runtime: ProcessRuntime, template: Template, tmp_path: Path
) -> Iterator[Callable[..., OdooProcess]]:
    """Return a function that makes an Odoo with a fresh database; all are dropped at the end."""
    made = []

    def make(**options: object) -> OdooProcess:
        number = next(NUMBERS)
        database = runtime.new_database(template, f"test{number}")
        made.append(database)
        return runtime.start_odoo(database, tmp_path / f"odoo{number}.log", **options)

    yield make
    for database in made:
        runtime.drop(database)


@pytest.fixture
def odoo(new_odoo: Callable[..., OdooProcess]) -> OdooProcess:
    """A running Odoo with a fresh database."""
    return new_odoo()


@pytest.fixture(scope="session")
def every(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Every partner of the catalogue, side by side in one WireMock."""
    yield from served(tmp_path_factory.mktemp("partners"), chosen(parts(), {}, {}))
