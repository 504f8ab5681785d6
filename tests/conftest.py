"""Fixtures of several test modules."""

import pytest
from server_kinds import Kinds


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    """Servers by name, with the application and the broker that they need; see `server_kinds`."""
    made = Kinds(tmp_path_factory.mktemp("served"))
    yield made
    made.stop()
