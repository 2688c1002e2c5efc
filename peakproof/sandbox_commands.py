"""``peakproof sandbox ...``: the commands that the containers of compose/compose.yaml run.

``prepare`` and ``seed`` set the sandbox up, ``connector`` and ``trade`` are programs in it;
``values`` and ``act`` are for people: ``docker compose exec shopify peakproof sandbox values``.
"""

import os
import secrets
import sys
import time
from pathlib import Path
from typing import Annotated

import httpx
import msgspec
import typer

from peakproof.connector import ConnectorSpec
from peakproof.deeds import checkout, random_basket
from peakproof.errors import SimulatorRefused, UsageError
from peakproof.placeholders import render
from peakproof.sandbox import Sandbox, prepare, seed, shop_of
from peakproof.seed import Seed

__all__ = ["app", "run_connector", "trade"]

app = typer.Typer(help="The standing sandbox: what the containers of compose.yaml run.")
FOLDER, HANDOUT = Path("/sandbox"), Path("/handout")
FolderOption = Annotated[Path, typer.Option(help="The volume with keys and configurations.")]
HandoutOption = Annotated[Path, typer.Option(help="The volume with what clients need.")]


def run_connector(handout: Path, connector: Path) -> None:
    """Become the connector's own program, told the values of this sandbox; does not return."""
    spec = ConnectorSpec.load(connector)
    if spec.start is None or spec.setup is not None or not spec.start.command:
        raise UsageError(
            f"{spec.connector.name}: the sandbox runs connectors beside Odoo that need no set-up "
            "script. Next step: `peakproof run ... --runtime container`."
        )
    values = msgspec.json.decode((handout / "world.json").read_bytes())
    values["connector"]["folder"] = spec.folder
    environment = {
        name: render(template, values, f"[environment] {name}")
        for name, template in spec.environment.items()
    }
    words = [render(word, values, "[start] command") for word in spec.start.command]
    if words[0] == "python":
        words[0] = sys.executable
    os.execvpe(words[0], words, {**os.environ, **environment})  # noqa: S606


def trade(folder: Path, orders_per_minute: float) -> None:
    """Place random orders at the channel until it is stopped."""
    sandbox = Sandbox.open(folder)
    shop, draws = shop_of(sandbox), Seed(secrets.randbits(48)).stream("trade")
    client = sandbox.client("shopify")
    while True:
        step = checkout(0, draws.choices(shop.customers)[0], random_basket(draws, shop), "")
        try:
            order = client.act(step.action, step.arguments, step.actor)
            print(msgspec.json.encode(order).decode(), flush=True)
        except (SimulatorRefused, UsageError, httpx.TransportError) as error:
            print(error, flush=True)
        time.sleep(draws.expovariate(orders_per_minute / 60))


@app.command("prepare")
def _prepare(folder: FolderOption = FOLDER, handout: HandoutOption = HANDOUT) -> None:
    """Make certificates and the simulators' configurations."""
    prepare(folder, handout)


@app.command("seed")
def _seed(
    server: Annotated[str, typer.Option(envvar="PEAKPROOF_DATABASE_SERVER")],
    modules: Annotated[str, typer.Option(envvar="PEAKPROOF_ODOO_MODULES")],
    folder: FolderOption = FOLDER,
    handout: HandoutOption = HANDOUT,
) -> None:
    """Put the shop into Odoo and every simulator, and say where everything is."""
    seed(folder, handout, server, modules.split(","))
    outside = msgspec.json.decode((handout / "host.json").read_bytes())
    for name in sorted({*Sandbox.open(folder).parts, "odoo"}):
        print(f"{name}: {outside[name]['url']}")
    print(
        f"Credentials: `peakproof sandbox values` in this container, or {handout}/host.json; "
        f"the authority to trust: {handout}/ca.pem. The sandbox is ready."
    )


@app.command("values")
def _values(
    inside: Annotated[
        bool, typer.Option("--inside", help="As seen by containers of the sandbox.")
    ] = False,
    handout: HandoutOption = HANDOUT,
) -> None:
    """Print every address and credential as JSON, as seen by the machine outside."""
    print((handout / ("world.json" if inside else "host.json")).read_text())


@app.command("act")
def _act(part: str, action: str, arguments: str = "{}", folder: FolderOption = FOLDER) -> None:
    """Do what a person does: `act shopify checkout '{"lines": [...]}'`, `act carrier ...`."""
    client = Sandbox.open(folder).client(part)
    result = client.act(action, msgspec.json.decode(arguments), "sandbox")
    print(msgspec.json.encode(result).decode())


@app.command("connector")
def _connector(connector: Path, handout: HandoutOption = HANDOUT) -> None:
    """Run a connector by its connector.toml."""
    run_connector(handout, connector)


@app.command("trade")
def _trade(
    orders_per_minute: Annotated[float, typer.Option(envvar="PEAKPROOF_ORDERS_PER_MINUTE")] = 6,
    folder: FolderOption = FOLDER,
) -> None:
    """Place random orders at the channel until stopped."""
    trade(folder, orders_per_minute)
