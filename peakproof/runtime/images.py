"""The container images of a world: one list, built here or taken from a registry.

Without a registry: ``python -m peakproof.runtime.images build`` (``make images``) makes a base
from the Debian archive and every image from it, under ``peakproof/NAME:TAG``. With one, only what
is our own is built, by the same Dockerfiles; the rest are the official images. Which is used:
``PEAKPROOF_<NAME>_IMAGE``, else the local image if there is one, else the official one.

An image carries the digest of what it was made of as a label, and is not built again while that
is the same. Needs the ``docker`` client and, to build, a checkout.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from peakproof import catalog
from peakproof.errors import EnvironmentLacks, UnknownName, UsageError
from peakproof.runtime import wiremock
from peakproof.runtime.debian import find_mirror
from peakproof.runtime.progress import Progress, silent
from peakproof.version import __version__

__all__ = ["CONTENT_LABEL", "IMAGES", "SOURCES", "Image", "build", "ensure", "main", "resolve"]

CONTENT_LABEL = "peakproof.content"
SOURCES = ("peakproof", "simulators", "scenarios", "connectors", "contracts", "loadtests")
SUITE = "trixie"
_OF_THE_SANDBOX = ("python", "harness", "odoo", "postgres", "wiremock")
_WIREMOCK_JAR = "wiremock-standalone.jar"
_KEPT = "24h"
_LAST_LINES = 15


class Image(msgspec.Struct, frozen=True):
    """One image: ``peakproof/NAME:tag`` is built from ``compose/NAME`` upon ``base``.

    ``official`` is what a registry offers in its place, "" when it is ours alone. ``sources`` are
    folders of the checkout that go into it; its build context is then the whole checkout.
    """

    name: str
    tag: str
    official: str = ""
    base: str = "base"
    sources: tuple[str, ...] = ()

    @property
    def local(self) -> str:
        """The name it is built under."""
        return f"peakproof/{self.name}:{self.tag}"

    @property
    def variable(self) -> str:
        """The environment variable that names another image in its place."""
        return f"PEAKPROOF_{self.name.upper()}_IMAGE"


IMAGES = {
    image.name: image
    for image in (
        Image("base", SUITE, f"debian:{SUITE}-slim", base=""),
        Image("python", "3.13", f"python:3.13-slim-{SUITE}"),
        Image("harness", __version__, base="python", sources=SOURCES),
        Image("odoo", "19.0", "odoo:19.0"),
        Image("postgres", "17", "postgres:17"),
        Image("wiremock", "3", wiremock.IMAGE),
        Image("nettools", "2"),
    )
}


def resolve(name: str) -> str:
    """Return the image to use for a name of IMAGES; raises UnknownName."""
    image = _image(name)
    named = os.environ.get(image.variable)
    if named:
        return named
    return image.local if _label(image.local) is not None or not image.official else image.official


def ensure(name: str, progress: Progress = silent) -> str:
    """Return the image to use, which is here then.

    An official one is fetched or, where it cannot be, its stand-in built. What holds our code is
    built anew when that has changed, the rest only when it is absent: ``build`` renews it.
    Raises EnvironmentLacks with the last lines of what failed.
    """
    image, chosen = _image(name), resolve(name)
    buildable = catalog.root().joinpath("compose").is_dir()
    absent = _inspect(chosen, "{{.Id}}") is None
    if chosen == image.local and buildable and (absent or image.sources):
        _build(image, ensure(image.base, progress) if image.base else "", progress)
    elif absent:
        progress(f"fetching {chosen}", None)
        try:
            _run(["docker", "pull", "--quiet", chosen])
        except EnvironmentLacks:
            if chosen != image.official or not buildable:
                raise
            return build([name], progress)[-1]
    return chosen


def build(names: Sequence[str] = (), progress: Progress = silent) -> list[str]:
    """Build local images, each after the one it is built upon; return them in that order."""
    wanted = [_image(name) for name in names] or list(IMAGES.values())
    ordered: dict[str, Image] = {}
    for image in wanted:
        chain = [image]
        while chain[0].base:
            chain.insert(0, _image(chain[0].base))
        ordered.update({entry.name: entry for entry in chain})
    built = [
        _build(image, _image(image.base).local if image.base else "", progress)
        for image in ordered.values()
    ]
    if any(built):
        _clear()
    return [image.local for image in ordered.values()]


def _image(name: str) -> Image:
    if name not in IMAGES:
        raise UnknownName("image", name, sorted(IMAGES))
    return IMAGES[name]


def _build(image: Image, base: str, progress: Progress) -> bool:
    """Build an image unless it is up to date; tell whether it was built."""
    root = catalog.root()
    folder = root / "compose" / image.name
    if image.name == "wiremock" and not (folder / _WIREMOCK_JAR).is_file():
        shutil.copyfile(wiremock.jar(), folder / _WIREMOCK_JAR)
    content = _content(image, base)
    if _label(image.local) == content:
        return False
    progress(f"building {image.local}", None)
    if not image.base:
        mirror = find_mirror()
        script = str(root / "compose" / "base.sh")
        words = ["sh", script, image.local, SUITE, mirror.address, mirror.signed_by]
        _run(words, {"CONTENT": content})
        return True
    context = root if image.sources else folder
    options = ["--build-arg", f"BASE_IMAGE={base}", "--label", f"{CONTENT_LABEL}={content}"]
    options.append("--force-rm")  # no container is left of a build that breaks off
    dockerfile = str(folder / "Dockerfile")
    replaced = _inspect(image.local, "{{.Id}}")
    _run(["docker", "build", "--file", dockerfile, "--tag", image.local, *options, str(context)])
    if replaced and _inspect(replaced, "{{len .RepoTags}}") == "0":
        with contextlib.suppress(EnvironmentLacks):  # a container still lives on it
            _run(["docker", "rmi", "--no-prune", replaced])
    return True


def _clear() -> None:
    """Remove our images of days ago that others have replaced since and no container lives on."""
    chosen = ["--filter", f"label={CONTENT_LABEL}", "--filter", f"until={_KEPT}"]
    with contextlib.suppress(EnvironmentLacks):  # another build clears just now
        _run(["docker", "image", "prune", "--force", *chosen])


def _content(image: Image, base: str) -> str:
    """Return the digest of everything that an image is made of."""
    root = catalog.root()
    digest = hashlib.sha256()
    if base:
        digest.update((_label(base) or base).encode())
        places = [root / "compose" / image.name, *(root / name for name in image.sources)]
    else:
        authorities = Path("/usr/local/share/ca-certificates")
        places = [root / "compose" / "base.sh", authorities]
    for file in _files(places):
        # The same in every checkout: else two of them would build in turns.
        name = file.relative_to(root) if file.is_relative_to(root) else file
        digest.update(f"\0{name}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _files(places: Sequence[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_file():
            yield place
        for file in sorted(place.rglob("*")):
            inside = file.relative_to(place).parts
            if file.is_file() and not any(part.startswith((".", "__pyc")) for part in inside):
                yield file


def _label(reference: str) -> str | None:
    """Return the content label of an image, "" if it has none, None if there is no such image."""
    return _inspect(reference, f'{{{{index .Config.Labels "{CONTENT_LABEL}"}}}}')


def _inspect(reference: str, template: str) -> str | None:
    if shutil.which("docker") is None:
        return None
    command = ["docker", "image", "inspect", "--format", template, reference]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def _run(words: list[str], environment: dict[str, str] | None = None) -> None:
    if shutil.which(words[0]) is None:
        raise EnvironmentLacks(
            f"{words[0]} is not on the path, and the images are built with it. Next step: install "
            f"it (docs/containers.md says which packages building needs)."
        )
    done = subprocess.run(
        words,
        env={**os.environ, "DOCKER_BUILDKIT": "0", **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        said = "\n    ".join(done.stdout.strip().splitlines()[-_LAST_LINES:])
        raise EnvironmentLacks(
            f"`{' '.join(words[:3])} ...` ended with {done.returncode}:\n    {said}\n"
            "Next step: see that the docker engine runs (`docker info`) and reaches the network."
        )


def main(arguments: Sequence[str]) -> int:
    """Build every image or those named; or have those of the sandbox, and name them to compose."""
    command, *names = arguments or [""]
    if command == "build":
        for reference in build(names, lambda text, _fraction: print(text, flush=True)):
            print(reference, _inspect(reference, "{{.Size}}"), "bytes", flush=True)
    elif command == "environment":
        for name in _OF_THE_SANDBOX:
            chosen = ensure(name, lambda text, _fraction: print(text, file=sys.stderr, flush=True))
            print(f"{_image(name).variable}={chosen}")
    else:
        raise UsageError(f"Expected `build [NAME ...]` or `environment`, found {list(arguments)}.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
