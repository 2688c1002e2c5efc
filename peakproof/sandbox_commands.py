"""``peakproof sandbox ...``: the commands that the containers of compose/compose.yaml run.

``prepare`` and ``seed`` set the sandbox up, ``connector`` and ``trade`` are programs in it;
``values`` and ``act`` are for people: ``docker compose exec shopify peakproof sandbox values``.
"""

import os
import secrets
import sys
import time
from pathlib import Path
from random import Random
from typing import Annotated, Any

import httpx
import msgspec
import typer

from peakproof.connector import ConnectorSpec
from peakproof.deeds import checkout, random_basket
from peakproof.errors import SimulatorRefused, UsageError
from peakproof.placeholders import render
from peakproof.sandbox import Sandbox, prepare, seed, shop_of
from peakproof.seed import Seed

__all__ = ["app", "order", "run_connector"]

app = typer.Typer(help="The standing sandbox: what the containers of compose.yaml run.")
FOLDER, HANDOUT, PARTNERS = Path("/sandbox"), Path("/handout"), Path("/partners")
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


def order(sandbox: Sandbox, draws: Random) -> dict[str, Any]:
    """Place one random order at the channel, by the vendor's own host name; return it."""
    shop = shop_of(sandbox)
    step = checkout(0, draws.choices(shop.customers)[0], random_basket(draws, shop), "")
    client = sandbox.client("shopify")
    try:
        return client.act(step.action, step.arguments, step.actor)
    finally:
        client.close()


@app.command("prepare")
def _prepare(
    folder: FolderOption = FOLDER,
    handout: HandoutOption = HANDOUT,
    partners: Annotated[Path, typer.Option(help="The volume that WireMock reads.")] = PARTNERS,
) -> None:
    """Make certificates, the simulators' configurations, and the partners' answers."""
    prepare(folder, handout, partners)


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
        f"The sandbox is ready. Its credentials: `docker compose exec shopify peakproof sandbox "
        f"values`; the authority to trust: `docker compose exec shopify cat {handout}/ca.pem`."
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
def _act(
    part: str,
    action: str,
    arguments: Annotated[str, typer.Argument(help="A JSON object.")] = "{}",
    folder: FolderOption = FOLDER,
) -> None:
    """Do what a person does there: `act pos close_day '{"location": "MAIN"}'`."""
    client = Sandbox.open(folder).client(part)
    result = client.act(action, msgspec.json.decode(arguments), "sandbox")
    print(_text(result))


@app.command("connector")
def _connector(connector: Path, handout: HandoutOption = HANDOUT) -> None:
    """Run a connector by its connector.toml."""
    run_connector(handout, connector)


@app.command("order")
def _order(folder: FolderOption = FOLDER) -> None:
    """Place one random order at the channel."""
    print(_text(order(Sandbox.open(folder), _draws())))


@app.command("trade")
def _trade(
    orders_per_minute: Annotated[float, typer.Option(envvar="PEAKPROOF_ORDERS_PER_MINUTE")] = 6,
    folder: FolderOption = FOLDER,
) -> None:
    """Place random orders at the channel until stopped."""
    sandbox, draws = Sandbox.open(folder), _draws()
    while True:
        try:
            print(_text(order(sandbox, draws)), flush=True)
        except (SimulatorRefused, httpx.TransportError) as error:  # sold out, or restarting
            print(error, flush=True)
        time.sleep(draws.expovariate(orders_per_minute / 60))


def _draws() -> Random:
    """Return a source of stories: another one each time, for here nothing is to be repeated."""
    return Seed(secrets.randbits(48)).stream("trade")


def _text(result: dict[str, Any]) -> str:
    return msgspec.json.encode(result).decode()
