"""Templates: keyed by what is in them, whole or not there at all."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from peakproof.errors import BadFile, WorldFailed
from peakproof.runtime import access, capture
from peakproof.runtime import template as templates
from peakproof.runtime.addons import fetch_addons, local_addons
from peakproof.runtime.cache import cache_folder
from peakproof.runtime.process import ProcessRuntime
from peakproof.runtime.template import Template
from peakproof.seed import Clock, wait_until

PREPARE = """
from peakproof.runtime.process import ProcessRuntime
ProcessRuntime().prepare()
"""


def make_addon(folder: Path, name: str = "tiny") -> Path:
    module = folder / name
    module.mkdir(parents=True)
    (module / "__init__.py").write_text("from . import models\n")
    (module / "__manifest__.py").write_text(
        "{'name': 'Tiny', 'depends': ['sale'], 'license': 'LGPL-3',"
        " 'data': ['ir.model.access.csv']}"
    )
    (module / "ir.model.access.csv").write_text(
        "id,name,model_id:id,group_id:id,perm_read,perm_write,perm_create,perm_unlink\n"
        "tiny,tiny,model_tiny_note,base.group_user,1,1,1,1\n"
    )
    (module / "models.py").write_text(
        "import os\n\nfrom odoo import fields, models\n\n\n"
        "class Tiny(models.Model):\n"
        "    _name = 'tiny.note'\n    _description = 'Tiny note'\n\n"
        "    name = fields.Char()\n    amount = fields.Float(digits=(10, 2))\n\n"
        "    def shout(self):\n        return [row.name.upper() for row in self]\n\n"
        "    def environment(self):\n        return dict(os.environ)\n"
    )
    return folder


def test_local_addons_are_keyed_by_content(tmp_path: Path) -> None:
    folder = make_addon(tmp_path / "addons")
    first = local_addons([folder])
    (folder / "tiny" / "models.py").write_text("x = 1\n")
    assert local_addons([folder]).key != first.key
    with pytest.raises(BadFile, match="expected a folder of Odoo modules"):
        local_addons([tmp_path])


def test_a_list_of_addons_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="expected a requirements file; there is none"):
        fetch_addons(tmp_path / "requirements.txt")


def test_the_api_key_is_hashed_as_odoo_does_it() -> None:
    _, kind, rounds, salt, digest = access.hash_of("00112233" * 5).split("$")
    assert (kind, int(rounds)) == ("pbkdf2-sha512", access.API_KEY_ROUNDS)

    def plain(text: str) -> bytes:
        import base64

        return base64.b64decode(text.replace(".", "+") + "=" * (-len(text) % 4))

    expected = hashlib.pbkdf2_hmac("sha512", b"00112233" * 5, plain(salt), int(rounds))
    assert plain(digest) == expected


@pytest.mark.odoo
def test_the_second_time_nothing_is_built(runtime: ProcessRuntime, template: Template) -> None:
    told: list[str] = []
    with ProcessRuntime(progress=lambda text, _: told.append(text)) as second:
        assert second.prepare() == template
    assert told == []
    assert template.note.api_key not in repr(template)


@pytest.mark.odoo
def test_own_addons_run_and_their_tables_are_watched(
    runtime: ProcessRuntime, tmp_path: Path
) -> None:
    folder = make_addon(tmp_path / "addons")
    made = runtime.prepare(["tiny"], addons_paths=[folder], watch_tables=["tiny_note"])
    assert "tiny_note" in made.note.watched_tables
    database = runtime.new_database(made, "tiny")
    bundle = {"REQUESTS_CA_BUNDLE": "ca.pem"}
    odoo = runtime.start_odoo(database, tmp_path / "odoo.log", env=bundle)
    clock = Clock.start()
    with odoo.client() as client:
        ids = client.create("tiny.note", {"name": "hey", "amount": 1.5})
        assert client.call("tiny.note", "shout", ids=ids) == ["HEY"]
        environment = client.call("tiny.note", "environment", ids=[])
    assert environment["REQUESTS_CA_BUNDLE"] == "ca.pem"
    assert "PEAKPROOF_CACHE" not in environment, "nothing of the harness's own reaches Odoo"
    (event,) = [e for e in capture.export(odoo.dsn, clock) if e.name == "tiny_note"]
    assert event.value["row"]["amount"] == "1.50"
    runtime.drop(database)
    shutil.rmtree(made.folder)


@pytest.mark.odoo
def test_a_module_that_cannot_be_installed_shows_why_and_leaves_nothing(
    runtime: ProcessRuntime, tmp_path: Path
) -> None:
    folder = make_addon(tmp_path / "addons", "broken")
    (folder / "broken" / "models.py").write_text("raise RuntimeError('broken on purpose')\n")
    before = set((cache_folder() / "templates").glob("odoo-*"))
    with pytest.raises(WorldFailed, match="broken on purpose"):
        runtime.prepare(["broken"], addons_paths=[folder])
    with pytest.raises(WorldFailed, match="modules no_such_module were not installed"):
        runtime.prepare(["no_such_module"])
    assert set((cache_folder() / "templates").glob("odoo-*")) == before
    assert not list((cache_folder() / "templates").glob(".*.building-*/cluster.tar"))


def test_templates_unused_for_a_month_are_removed(tmp_path: Path) -> None:
    for name, age_days in (("odoo-old", 40), ("odoo-recent", 3), ("odoo-new", 0)):
        (tmp_path / name).mkdir()
        note = tmp_path / name / "note.json"
        note.touch()
        used = note.stat().st_mtime - age_days * 86_400
        os.utime(note, (used, used))
    templates.remove_unused(tmp_path, newest=tmp_path / "odoo-new")
    assert {path.name for path in tmp_path.iterdir()} == {"odoo-recent", "odoo-new"}


@pytest.mark.odoo
def test_a_killed_set_up_leaves_no_half_template_and_no_process(
    template: Template, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    for kind in ("odoo", "environments"):
        (cache / kind).symlink_to(cache_folder() / kind)
    environment = {**os.environ, "PEAKPROOF_CACHE": str(cache)}
    with subprocess.Popen([sys.executable, "-c", PREPARE], env=environment) as setting_up:
        logs = cache / "templates"
        log = wait_until(
            lambda: next(iter(logs.glob(".*.building-*/install.log")), None), 60, "the installation"
        )
        wait_until(lambda: "Loading module " in log.read_text(), 60, "the first module")
        setting_up.kill()

    def left() -> list[str]:
        found = []
        for command in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = command.read_bytes().decode(errors="replace")
            except OSError:
                continue
            if str(log.parent) in words:
                found.append(words)
        return found

    wait_until(lambda: not left(), 15, "Odoo's installation to be ended")
    assert not list(logs.glob("odoo-*")), "a half template must not count"
