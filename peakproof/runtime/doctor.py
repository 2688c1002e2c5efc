"""What this machine has and lacks for running real Odoo, without changing anything.

``examine()`` is what ``peakproof doctor`` prints.
"""

import os
import shutil
from collections.abc import Callable

import msgspec

from peakproof.errors import EnvironmentLacks
from peakproof.runtime.cache import cache_folder, require_space
from peakproof.runtime.debian import find_mirror
from peakproof.runtime.environment import find_python, installer
from peakproof.runtime.ports import reserve_port
from peakproof.runtime.postgres import data_place, server_user, server_version
from peakproof.runtime.source import NEEDED_BYTES

__all__ = ["Finding", "examine"]

COLD_BYTES = NEEDED_BYTES + 1000 * 2**20


class Finding(msgspec.Struct):
    """One thing looked at; ``next_step`` says what to do when it is not ``ok``."""

    name: str
    ok: bool
    detail: str
    next_step: str = ""


def examine() -> list[Finding]:
    """Look at everything the process runtime needs."""
    checks: dict[str, Callable[[], str]] = {
        "Odoo 19": _odoo,
        "Python for Odoo": lambda: str(find_python()),
        "Installer": lambda: f"{installer()} installs Odoo's Python dependencies",
        "PostgreSQL": _postgres,
        "Database folder": lambda: f"{data_place()} has room",
        "Cache folder": _cache,
        "Templates": lambda: f"{_count('templates')} kept; the first one takes a minute or two",
        "Ports": _ports,
    }
    return [_finding(name, check) for name, check in checks.items()]


def _finding(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, check())
    except EnvironmentLacks as lack:
        detail, _, next_step = str(lack).partition("Next step: ")
        return Finding(name, False, detail.strip(), next_step.strip())


def _count(kind: str) -> int:
    return len(list((cache_folder() / kind).glob("[!.]*")))


def _odoo() -> str:
    if _count("odoo"):
        return f"{_count('odoo')} source tree(s) kept in {cache_folder() / 'odoo'}"
    return f"will be fetched from {find_mirror().address}"


def _postgres() -> str:
    user = server_user()
    role = f", run as user {user.pw_name} since we are root" if user else ""
    return f"{server_version()} from its wheel{role}"


def _cache() -> str:
    folder = cache_folder()
    if not _count("templates"):
        require_space(folder, COLD_BYTES, "The first set-up")
    if not os.access(folder, os.W_OK):
        raise EnvironmentLacks(
            f"{folder} cannot be written. Next step: set PEAKPROOF_CACHE to another folder."
        )
    return f"{folder} ({shutil.disk_usage(folder).free / 2**30:.0f} GiB free)"


def _ports() -> str:
    port = reserve_port()
    port.close()
    return f"free ones below the outgoing range, for example {port.number}"
