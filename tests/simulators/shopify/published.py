"""Things that other people publish, fetched by package name with the ordinary clients.

Kept in peakproof's cache folder; nothing is vendored.
"""

import gzip
import hashlib
import json
import subprocess
import sys
import tarfile
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

from graphql import GraphQLSchema, build_client_schema

from peakproof.runtime.cache import build_folder, cache_folder

__all__ = ["connector_folder", "node_folder", "published_schema"]

SCHEMA_PACKAGE = "@shopify/dev-mcp@1.16.0"
CONNECTOR_WHEEL = "odoo-addon-shopify-connector==19.0.1.1.0.4"
NODE_FOLDER = Path(__file__).parent / "node"


def _run(*command: str, folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}\n{done.stderr}"


@cache
def published_schema(version: str) -> GraphQLSchema:
    """Return Shopify's published schema of a version, whole."""
    folder = build_folder(
        cache_folder() / "published" / "shopify-dev-mcp-1.16.0", _unpack_schema, SCHEMA_PACKAGE
    )
    raw: dict[str, Any] = json.loads(gzip.decompress((folder / f"{version}.json.gz").read_bytes()))
    return build_client_schema(raw["data"], assume_valid=True)  # type: ignore[arg-type]


def _unpack_schema(folder: Path) -> None:
    _run("npm", "pack", SCHEMA_PACKAGE, "--silent", folder=folder)
    archive = next(folder.glob("*.tgz"))
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            name = member.name.rpartition("/")[2]
            if name.startswith("admin_") and name.endswith(".json.gz"):
                source = tar.extractfile(member)
                assert source is not None
                (folder / name.removeprefix("admin_")).write_bytes(source.read())
    archive.unlink()


@cache
def connector_folder() -> Path:
    """Return the addon folder of the OCA connector, unpacked and never executed as an addon."""
    folder = build_folder(
        cache_folder() / "published" / CONNECTOR_WHEEL.replace("==", "-"),
        _unpack_connector,
        CONNECTOR_WHEEL,
    )
    return folder / "odoo" / "addons" / "shopify_connector"


def _unpack_connector(folder: Path) -> None:
    _run(
        sys.executable, "-m", "pip", "download", "--no-deps", "--quiet",
        "--disable-pip-version-check", "--only-binary", ":all:", "-d", ".", CONNECTOR_WHEEL,
        folder=folder,
    )  # fmt: skip
    wheel = next(folder.glob("*.whl"))
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder)
    wheel.unlink()


@cache
def node_folder() -> Path:
    """Return a folder with the pinned Node packages installed."""
    lock = (NODE_FOLDER / "package-lock.json").read_text()
    name = hashlib.sha256(lock.encode()).hexdigest()[:12]

    def install(folder: Path) -> None:
        for entry in ("package.json", "package-lock.json"):
            (folder / entry).write_text((NODE_FOLDER / entry).read_text())
        _run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", folder=folder)

    return build_folder(cache_folder() / "published" / f"node-{name}", install, "Node packages")
