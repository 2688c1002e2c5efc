"""Which runtime a command uses: processes of this machine, or containers.

The container runtime is imported only when it is asked for: it needs packages of its own.
"""

from contextlib import AbstractContextManager
from pathlib import Path

from peakproof.errors import EnvironmentLacks, UnknownName, UsageError
from peakproof.runtime.process import ProcessRuntime
from peakproof.runtime.progress import Progress, silent
from peakproof.runtime.site import Runtime

__all__ = ["RUNTIMES", "open_runtime"]

RUNTIMES = ("process", "container")


def open_runtime(
    name: str, odoo_source: Path | None = None, progress: Progress = silent
) -> AbstractContextManager[Runtime]:
    """Return the runtime of that name; raises UnknownName, UsageError or EnvironmentLacks."""
    if name == "process":
        return ProcessRuntime(odoo_source, progress)
    if name != "container":
        raise UnknownName("runtime", name, RUNTIMES)
    if odoo_source is not None:
        raise UsageError(
            "--odoo-source is for processes; a container's Odoo is an image: name another one "
            "in PEAKPROOF_ODOO_IMAGE."
        )
    try:
        from peakproof.runtime.container import ContainerRuntime
    except ModuleNotFoundError as error:
        raise EnvironmentLacks(
            f"--runtime container needs the Python package {error.name}. Next step: "
            "`pip install peakproof[containers]`."
        ) from error
    return ContainerRuntime(progress)
