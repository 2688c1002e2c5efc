"""The warm parent of servers: imports what they need once, then forks a server per order.

Run by path with the Python of the servers' environment; it imports nothing of peakproof by
itself. Standard input carries JSON lines: first what to import, ``{"options", "modules"}`` for
Odoo or ``{"imports"}`` for anything else (a module's ``warm()`` is called if it has one), then
orders ``{"id", "arguments", "env", "log", "out", "folder", "program"}``. Standard output
carries ``{"ready": true}``, ``{"id", "pid"}`` and ``{"pid", "exit_code"}``. When the input
ends, the servers are killed. A ``program`` is a module to run as a script; "" is Odoo.

Only Odoo's own modules are imported ahead: a connector's addons may read their environment
while they are imported, so each server imports those itself.
"""

import atexit
import contextlib
import ctypes
import gc
import importlib
import importlib.util
import json
import os
import runpy
import select
import signal
import sys
import traceback
from typing import Any

__all__ = ["main"]

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Import Odoo, then serve orders until the input ends."""
    sys.path.remove(os.path.dirname(os.path.abspath(__file__)))  # holds an odoo.py of its own
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    with open(0, "rb", buffering=0, closefd=False) as orders:
        first = json.loads(orders.readline())
    if "imports" in first:
        _import(first["imports"])
    else:
        _import_odoo(first["options"], first["modules"])
    gc.collect()
    gc.freeze()
    wake_read, wake_write = os.pipe2(os.O_NONBLOCK)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_write)
    control = [replies.fileno(), wake_read, wake_write]
    children: set[int] = set()
    replies.write('{"ready": true}\n')
    pending = b""
    while True:
        readable, _, _ = select.select([0, wake_read], [], [])
        if wake_read in readable:
            with contextlib.suppress(BlockingIOError):
                os.read(wake_read, 4096)
            _reap(children, replies)
        if 0 in readable:
            chunk = os.read(0, 65536)
            if not chunk:
                break
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                order = json.loads(line)
                pid = os.fork()
                if pid == 0:
                    _become_server(order, control)
                children.add(pid)
                replies.write(json.dumps({"id": order["id"], "pid": pid}) + "\n")
    for pid in children:
        os.kill(pid, signal.SIGKILL)


def _import(modules: list[str]) -> None:
    for name in modules:
        try:
            module = importlib.import_module(name)
            getattr(module, "warm", int)()
        except Exception:  # noqa: BLE001  (a server that needs it will say so in its own log)
            traceback.print_exc()


def _import_odoo(options: list[str], modules: list[str]) -> None:
    for name in ("odoo.cli.server", "odoo.http", "odoo.service.db"):
        importlib.import_module(name)
    importlib.import_module("odoo.tools").config.parse_config(options, setup_logging=False)
    loader = importlib.import_module("odoo.modules.module")
    loader.initialize_sys_path()
    for module in modules:
        try:
            loader.load_openerp_module(module)
        except Exception:  # noqa: BLE001  (a server that needs it will say so in its own log)
            traceback.print_exc()


def _reap(children: set[int], replies: Any) -> None:
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        children.discard(pid)
        code = os.waitstatus_to_exitcode(status)
        replies.write(json.dumps({"pid": pid, "exit_code": code}) + "\n")


def _listener() -> Any:
    """Return rights_listener.py, by its path: this folder is no place to import from."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rights_listener.py")
    spec = importlib.util.spec_from_file_location("peakproof_rights_listener", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _become_server(order: dict[str, Any], control: list[int]) -> None:
    """Turn this forked child into an ordinary Odoo process; never returns."""
    code = 70
    try:
        os.setsid()
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        out = os.open(order["out"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(nothing, 0)
        os.dup2(out, 1)
        os.dup2(log, 2)
        for descriptor in (*control, log, out, nothing):
            os.close(descriptor)
        os.environ.clear()
        os.environ.update(order["env"])
        os.environ["TZ"] = "UTC"
        os.chdir(order["folder"])
        if order["program"]:
            sys.argv = [order["program"], *order["arguments"]]
            runpy.run_module(order["program"], run_name="__main__", alter_sys=True)
        else:
            _listener().listen(order["env"])
            sys.argv = ["odoo", *order["arguments"]]
            importlib.import_module("odoo.cli").main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001  (the child must not fall back into the loop)
        traceback.print_exc()
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code & 0xFF)


if __name__ == "__main__":
    main()
