"""The audit of a page: planted faults are found, the gravest first, and a sound page has none."""

import asyncio

import pytest

from helpers import audit
from helpers.project.boot import boot

FAULTY = "<h1>Sign up</h1><form><input name='a'><span style='color:#ccc;background:#fff'>pale</span></form>"
SOUND = "<main><h1>Sign up</h1><form><label>Name <input name='a' autocomplete='name'></label></form></main>"


@pytest.fixture(autouse=True)
def django():
    boot()


@pytest.mark.system_server("chromium")
def test_planted_faults_are_found_the_gravest_first_and_a_sound_page_has_none():
    found = audit.audit(FAULTY)
    assert list(found.columns) == ["rule", "impact", "elements", "help", "where"]
    assert found.rule.tolist()[:2] == ["label", "color-contrast"]
    assert found.impact.tolist() == sorted(found.impact, key=audit.IMPACTS.index)
    assert found["where"][0] == "input" and found.elements[0] == 1
    assert audit.audit(SOUND).empty


@pytest.mark.system_server("chromium")
def test_it_works_inside_a_running_event_loop_as_a_kernel_has_one():
    async def cell():
        return audit.audit(SOUND)

    assert asyncio.run(cell()).empty


def test_a_machine_without_chromium_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(audit.installing, "find", lambda name: None)
    with pytest.raises(RuntimeError, match="No Chromium on this machine.*apt install chromium"):
        audit.audit(SOUND)
