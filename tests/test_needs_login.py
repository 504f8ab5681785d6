"""`%%needs sshd` on an account without a login shell: one sentence, and the lesson goes on."""

import pytest

from helpers import needs
from helpers.services import sshd


@pytest.mark.system_server("sshd")
def test_an_account_without_a_login_shell_gets_a_sentence(monkeypatch, capsys):
    monkeypatch.setattr(sshd, "has_shell", lambda: False)
    cell = needs.transform(["%%needs sshd\n", "raise SystemError\n"])
    exec("".join(cell))
    assert "your account has no login shell" in capsys.readouterr().out
    assert needs.SKIPPED.pop() == "sshd"


@pytest.mark.system_server("sshd")
def test_with_a_login_shell_the_cell_runs(monkeypatch):
    monkeypatch.setattr(sshd, "has_shell", lambda: True)
    assert needs.transform(["%%needs sshd\n", "1 + 1\n"]) == ["\n", "1 + 1\n"]


def test_a_missing_server_is_told_as_before(monkeypatch, capsys):
    monkeypatch.setattr(needs, "available", lambda name: False)
    needs.skipped("sshd")
    assert "this machine does not have" in capsys.readouterr().out
    needs.SKIPPED.pop()
