"""What tests and notebook cells share: a work folder of their own; servers that may be missing here, never in CI."""

import os
import shutil

import pytest

from helpers import needs


def pytest_configure(config):
    if "TROUBLESPOTS_WORK" not in os.environ:
        import tempfile

        os.environ["TROUBLESPOTS_WORK"] = tempfile.mkdtemp(prefix="troublespots-tests-")
        config.add_cleanup(lambda folder=os.environ["TROUBLESPOTS_WORK"]: shutil.rmtree(folder, ignore_errors=True))


def pytest_collection_modifyitems(items):
    """A notebook's cell says by its tag which servers it needs; from here on it is treated as any test."""
    for item in items:
        tags = item.cell.metadata.get("tags", []) if hasattr(item, "cell") else []
        for tag in tags:
            if tag.startswith("needs-"):
                item.add_marker(pytest.mark.system_server(tag.removeprefix("needs-")))


def pytest_runtest_setup(item):
    for marker in item.iter_markers("system_server"):
        name = marker.args[0]
        if not needs.available(name):
            sentence = f"the system's {name} is not on this machine"
            if os.environ.get("TROUBLESPOTS_REQUIRE_SERVERS") == "1":
                pytest.fail(f"{sentence}, and nothing may be skipped here")
            pytest.skip(sentence)
