"""Which image is used, what is built in which order, and when not at all; no engine is needed."""

import re
from pathlib import Path

import pytest

from peakproof.errors import EnvironmentLacks, UnknownName, UsageError
from peakproof.runtime import images


class Engine:
    """Stands in for the docker client: knows images by name, with their content labels."""

    def __init__(self, here: dict[str, str], registry: bool) -> None:
        self.here, self.registry = here, registry
        self.calls: list[list[str]] = []
        self.removed: list[str] = []
        self.cleared: list[list[str]] = []

    def run(self, words: list[str], environment: dict[str, str] | None = None) -> None:
        if words[2] == "prune":
            self.cleared.append(words)
            return
        self.calls.append(words)
        if words[1] == "pull":
            if not self.registry:
                raise EnvironmentLacks("no registry here")
            self.here[words[-1]] = ""
        elif words[1] == "rmi":
            self.removed.append(words[-1])
        elif words[0] == "sh":
            self.here[words[2]] = (environment or {})["CONTENT"]
        else:
            tag, label = words[words.index("--tag") + 1], words[words.index("--label") + 1]
            self.here[tag] = label.partition("=")[2]

    def inspect(self, reference: str, template: str) -> str | None:
        named = {f"id of {name} {content}": name for name, content in self.here.items()}
        if template == "{{len .RepoTags}}":
            return "1" if reference in named else "0"
        if reference not in self.here:
            return None
        content = self.here[reference]
        return f"id of {reference} {content}" if template == "{{.Id}}" else content

    @property
    def built(self) -> list[str]:
        return [
            words[2] if words[0] == "sh" else words[words.index("--tag") + 1]
            for words in self.calls
            if words[1] not in ("pull", "rmi")
        ]


@pytest.fixture
def without_registry(monkeypatch: pytest.MonkeyPatch) -> Engine:
    return _with(monkeypatch, Engine({}, registry=False))


def _with(monkeypatch: pytest.MonkeyPatch, engine: Engine) -> Engine:
    monkeypatch.setattr(images, "_run", engine.run)
    monkeypatch.setattr(images, "_inspect", engine.inspect)
    monkeypatch.setattr(images, "find_mirror", lambda: images_mirror())
    for image in images.IMAGES.values():
        monkeypatch.delenv(image.variable, raising=False)
    return engine


def images_mirror() -> object:
    from peakproof.runtime.debian import Mirror

    return Mirror("http://mirror.example/debian", "")


def test_the_official_image_is_used_where_there_is_no_other(without_registry: Engine) -> None:
    assert images.resolve("odoo") == "odoo:19.0"
    without_registry.here["peakproof/odoo:19.0"] = ""
    assert images.resolve("odoo") == "peakproof/odoo:19.0"


def test_the_environment_names_another_image(
    without_registry: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEAKPROOF_ODOO_IMAGE", "mine/odoo:1")
    without_registry.here |= {"peakproof/odoo:19.0": "", "mine/odoo:1": ""}
    assert images.ensure("odoo") == "mine/odoo:1"
    assert without_registry.calls == []


def test_what_the_environment_names_and_nobody_has_is_an_error(
    without_registry: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEAKPROOF_ODOO_IMAGE", "mine/odoo:1")
    with pytest.raises(EnvironmentLacks):
        images.ensure("odoo")


def test_without_a_registry_the_stand_in_is_built_upon_its_base(without_registry: Engine) -> None:
    told: list[str] = []
    chosen = images.ensure("odoo", lambda text, _fraction: told.append(text))
    assert chosen == "peakproof/odoo:19.0"
    assert without_registry.built == ["peakproof/base:trixie", "peakproof/odoo:19.0"]
    assert told[-1] == "building peakproof/odoo:19.0"


def test_with_a_registry_only_what_is_ours_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = _with(monkeypatch, Engine({}, registry=True))
    for name in ("odoo", "harness"):
        images.ensure(name)
    assert engine.built == [images.IMAGES["harness"].local]
    base = f"BASE_IMAGE={images.IMAGES['python'].official}"
    assert base in engine.calls[-1]


def test_what_is_up_to_date_is_not_built_again(without_registry: Engine) -> None:
    assert images.build(["harness"]) == [
        images.IMAGES[name].local for name in ("base", "python", "harness")
    ]
    without_registry.calls.clear()
    images.ensure("harness")
    images.build(["harness"])
    assert without_registry.calls == []


def test_a_build_clears_images_of_days_ago_that_are_ours_once(without_registry: Engine) -> None:
    images.build(["harness"])
    (words,) = without_registry.cleared
    assert words[1] == "image", "a container may be somebody's own, and hold what he wants"
    assert f"label={images.CONTENT_LABEL}" in words
    assert "until=24h" in words, "an image of just now could be lost"
    assert "--force-rm" in without_registry.calls[-1]
    images.build(["harness"])
    assert len(without_registry.cleared) == 1, "nothing was built, nothing is cleared"


def test_a_change_of_the_code_builds_the_harness_anew(
    without_registry: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in (*images.SOURCES, "compose/harness", "compose/python"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "compose" / "base.sh").write_text("")
    source = tmp_path / "simulators" / "one.py"
    source.write_text("old")
    monkeypatch.setattr(images.catalog, "root", lambda: tmp_path)
    images.build(["harness"])
    old = without_registry.inspect(images.IMAGES["harness"].local, "{{.Id}}")
    without_registry.calls.clear()
    (tmp_path / "simulators" / "__pycache__").mkdir()
    (tmp_path / "simulators" / "__pycache__" / "one.pyc").write_text("compiled")
    images.build(["harness"])
    assert without_registry.calls == []
    source.write_text("new")
    images.build(["harness"])
    assert without_registry.built == [images.IMAGES["harness"].local]
    assert without_registry.removed == [old]


def test_every_checkout_makes_the_same_images(
    without_registry: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for checkout in (tmp_path / "one", tmp_path / "two"):
        for name in (*images.SOURCES, "compose/harness", "compose/python"):
            (checkout / name).mkdir(parents=True)
        (checkout / "compose" / "base.sh").write_text("debian")
        (checkout / "simulators" / "one.py").write_text("code")
        monkeypatch.setattr(images.catalog, "root", lambda checkout=checkout: checkout)
        images.build(["harness"])
    assert len(without_registry.built) == 3


def test_a_stand_in_that_is_here_is_left_alone_until_it_is_built_on_purpose(
    without_registry: Engine,
) -> None:
    without_registry.here["peakproof/odoo:19.0"] = "of another day"
    assert images.ensure("odoo") == "peakproof/odoo:19.0"
    assert without_registry.built == []
    images.build(["odoo"])
    assert without_registry.built == ["peakproof/base:trixie", "peakproof/odoo:19.0"]


def test_unknown_names_are_refused(without_registry: Engine) -> None:
    with pytest.raises(UnknownName, match="Did you mean"):
        images.resolve("odo")
    with pytest.raises(UsageError):
        images.main(["bild"])


def test_the_environment_for_compose_names_every_image_of_its_file(
    without_registry: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert images.main(["environment"]) == 0
    told = dict(line.split("=") for line in capsys.readouterr().out.split())
    file = Path(__file__).parents[2] / "compose" / "compose.yaml"
    assert set(told) == set(re.findall(r"PEAKPROOF_\w+_IMAGE", file.read_text()))
    assert told["PEAKPROOF_ODOO_IMAGE"] == "peakproof/odoo:19.0"
