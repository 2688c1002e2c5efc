"""The doctor: says what is there, and what to do about what is not."""

from pathlib import Path

import pytest

from peakproof.errors import EnvironmentLacks
from peakproof.runtime import doctor
from peakproof.runtime.doctor import examine


def test_a_fit_machine_passes_and_every_finding_has_a_detail() -> None:
    findings = {finding.name: finding for finding in examine()}
    assert {"Odoo 19", "Python for Odoo", "PostgreSQL", "Cache folder", "Ports"} <= set(findings)
    assert all(finding.detail for finding in findings.values())
    assert findings["PostgreSQL"].ok
    assert findings["PostgreSQL"].detail.startswith("18.")


def test_a_lack_is_shown_with_its_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking() -> None:
        raise EnvironmentLacks("No apt here. Next step: use the containers.")

    monkeypatch.setenv("PEAKPROOF_CACHE", str(tmp_path))
    monkeypatch.setattr(doctor, "find_mirror", lacking)
    monkeypatch.setattr(doctor, "COLD_BYTES", 2**60)
    findings = {finding.name: finding for finding in examine()}
    odoo = findings["Odoo 19"]
    assert (odoo.ok, odoo.detail, odoo.next_step) == (False, "No apt here.", "use the containers.")
    assert not findings["Cache folder"].ok
    assert "free some space" in findings["Cache folder"].next_step
