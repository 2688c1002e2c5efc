"""Template images: a database server with Odoo's modules installed, kept by the engine.

What template.py does with a folder is done with containers: PostgreSQL and Odoo of the images
in use install the modules, and the filled server becomes an image; a world starts on a copy in
a second. A connector's own modules are installed into an image of Odoo first.
"""

import hashlib
import io
import secrets
import shutil
import tarfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
from docker.errors import BuildError, ImageNotFound

from peakproof.errors import WorldFailed
from peakproof.runtime import capture, images
from peakproof.runtime.cache import build_folder, cache_folder, digest_of
from peakproof.runtime.contained import Contained, Recipe
from peakproof.runtime.container_postgres import PORT, ContainerCluster
from peakproof.runtime.engine import Engine, Network
from peakproof.runtime.progress import Progress
from peakproof.runtime.template import (
    BASE_MODULES,
    FORMAT,
    TemplateNote,
    fill,
    finish,
    install_options,
    watch_install,
)

__all__ = [
    "ODOO_MEMORY_BYTES",
    "ContainerTemplate",
    "OdooImage",
    "addons_option",
    "find_template",
    "odoo_environment",
    "odoo_image",
]

ADDONS_FOLDER = "/opt/peakproof/addons"
PACKAGES_FOLDER = "/opt/peakproof/python"
DATA_FOLDER = "/var/lib/odoo"
ODOO_MEMORY_BYTES = 1536 * 2**20
REPOSITORY = "peakproof/template"
_OWN_FORMAT = "2"

_ADDONS_DOCKERFILE = f"""
ARG BASE_IMAGE
FROM ${{BASE_IMAGE}}
USER root
COPY requirements.txt /opt/peakproof/requirements.txt
RUN python3 -m pip install --quiet --no-cache-dir --no-deps --require-hashes \\
      --target {PACKAGES_FOLDER} -r /opt/peakproof/requirements.txt \\
 && mv {PACKAGES_FOLDER}/odoo/addons {ADDONS_FOLDER} && rm -rf {PACKAGES_FOLDER}/odoo
USER odoo
"""


class OdooImage(msgspec.Struct, frozen=True):
    """An image of Odoo, with the folders of modules that it is told of; ``key`` is its content."""

    name: str
    key: str
    version: str
    addons_paths: tuple[str, ...] = ()
    read: tuple[Path, ...] = ()


class ContainerTemplate(msgspec.Struct, frozen=True):
    """A template image, the image of Odoo that goes with it, and the database's password."""

    key: str
    image: str
    odoo: OdooImage
    note: TemplateNote
    password: str

    def __repr__(self) -> str:
        return f"ContainerTemplate(image={self.image!r})"


class _Kept(msgspec.Struct):
    """What the cache keeps of a template image, whose name no other cache gives to another."""

    image: str
    note: TemplateNote
    password: str


def odoo_environment(cluster: ContainerCluster) -> dict[str, str]:
    """Return the official image's variables that lead to a database server."""
    return {
        "HOST": cluster.process.address,
        "PORT": str(PORT),
        "USER": "odoo",
        "PASSWORD": cluster.password,
        "PYTHONPATH": PACKAGES_FOLDER,
    }


def odoo_image(
    engine: Engine, requirements: Path | None, paths: Sequence[Path], progress: Progress
) -> OdooImage:
    """Return the image of Odoo with a connector's modules; raises EnvironmentLacks, WorldFailed."""
    plain = engine.require(images.ensure("odoo", progress))
    name, addons = plain, [str(path.resolve()) for path in paths]
    if requirements is not None:
        name = _with_addons(engine, plain, requirements, progress)
        addons.append(ADDONS_FOLDER)
    content = hashlib.sha256(str(engine.docker.images.get(name).id).encode())
    for path in paths:
        for file in sorted(path.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                content.update(str(file.relative_to(path)).encode() + b"\0" + file.read_bytes())
    told = engine.docker.containers.run(
        plain, ["--version"], entrypoint="odoo", remove=True, labels=engine.labels(plain)
    )
    version = bytes(told).decode().split()[-1]
    folders = tuple(path.resolve() for path in paths)
    return OdooImage(name, content.hexdigest()[:12], version, tuple(addons), folders)


def _with_addons(engine: Engine, plain: str, requirements: Path, progress: Progress) -> str:
    """Return an image of Odoo with the wheels that the file pins."""
    content = requirements.read_bytes()
    base = str(engine.docker.images.get(plain).id)
    name = f"peakproof/odoo-addons:{digest_of(base, _ADDONS_DOCKERFILE, content.decode())}"
    try:
        engine.docker.images.get(name)
    except ImageNotFound:
        progress(f"building an image of Odoo with {requirements.parent.name}'s modules", None)
        context = io.BytesIO()
        with tarfile.open(fileobj=context, mode="w") as archive:
            for path, text in (
                ("Dockerfile", _ADDONS_DOCKERFILE.encode()),
                ("requirements.txt", content),
            ):
                entry = tarfile.TarInfo(path)
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text))
        context.seek(0)
        try:
            engine.docker.images.build(
                fileobj=context, custom_context=True, tag=name, buildargs={"BASE_IMAGE": plain}
            )
        except BuildError as error:
            said = [str(line.get("stream", "")).rstrip() for line in error.build_log]
            raise WorldFailed("odoo", f"{requirements}: {error.msg}", said[-20:]) from error
    return name


def find_template(
    engine: Engine, odoo: OdooImage, modules: Sequence[str], progress: Progress
) -> ContainerTemplate:
    """Return the template image with the modules (and the base ones), made if absent."""
    server = engine.require(images.ensure("postgres", progress))
    wanted = sorted({*BASE_MODULES, *modules})
    server_key = str(engine.docker.images.get(server).id)
    key = digest_of(FORMAT, _OWN_FORMAT, server_key, odoo.key, str(capture.WATCHED), *wanted)
    place = cache_folder() / "container-templates" / key
    if place.is_dir() and not _is_there(engine, _kept(place).image):
        shutil.rmtree(place)  # somebody removed the image

    def build(folder: Path) -> None:
        image = f"{REPOSITORY}:{key}-{secrets.token_hex(4)}"
        kept = _make(engine, server, odoo, wanted, image, folder, progress)
        shutil.rmtree(folder / "data", ignore_errors=True)
        (folder / "note.json").write_bytes(msgspec.json.encode(kept))
        (folder / "note.json").chmod(0o600)

    folder = build_folder(place, build, "A template image", 0, progress)
    kept = _kept(folder)
    return ContainerTemplate(key, kept.image, odoo, kept.note, kept.password)


def _kept(folder: Path) -> _Kept:
    return msgspec.json.decode((folder / "note.json").read_bytes(), type=_Kept)


def _is_there(engine: Engine, image: str) -> bool:
    try:
        engine.docker.images.get(image)
    except ImageNotFound:
        return False
    return True


def _make(
    engine: Engine,
    server: str,
    odoo: OdooImage,
    modules: list[str],
    image: str,
    folder: Path,
    progress: Progress,
) -> _Kept:
    """Fill a new database server and keep it as an image."""
    network = Network(engine, "template")
    password = secrets.token_hex(16)
    cluster = ContainerCluster(engine, network, server, password, folder / "postgres.log")
    try:
        cluster.start()
        cluster.create_role()
        data = folder / "data"
        data.mkdir()
        data.chmod(0o777)  # the image's user is not ours

        def install(new: list[str]) -> None:
            recipe = Recipe(
                image=odoo.name,
                words=["odoo", *addons_option(odoo), *install_options(new)],
                read=odoo.read,
                binds={str(data): DATA_FOLDER},
                memory_bytes=ODOO_MEMORY_BYTES,
            )
            program = Contained(
                engine,
                network,
                "odoo",
                recipe,
                odoo_environment(cluster),
                folder / "install.log",
            )
            try:
                watch_install(program, new, progress)
            finally:
                program.remove()

        note = fill(cluster, install, modules, None, folder)
        note.odoo_version = odoo.version
        note.watched_tables = finish(cluster, note, (), True)
        cluster.stop()
        repository, _, tag = image.partition(":")
        cluster.process.docker.commit(repository, tag, changes=[f"LABEL peakproof.template={tag}"])
    finally:
        cluster.close()
        network.close()
    return _Kept(image, note, password)


def addons_option(odoo: OdooImage, more: Sequence[Path] = ()) -> list[str]:
    """Return Odoo's option for folders of modules beside its own."""
    paths = [*odoo.addons_paths, *map(str, more)]
    return [f"--addons-path={','.join(paths)}"] if paths else []
