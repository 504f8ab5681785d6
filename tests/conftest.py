"""What all tests share: a work folder of their own, and servers that may be missing here but never in CI."""

import os
import shutil

import pytest


def pytest_configure(config):
    if "TROUBLESPOTS_WORK" not in os.environ:
        import tempfile

        os.environ["TROUBLESPOTS_WORK"] = tempfile.mkdtemp(prefix="troublespots-tests-")
        config.add_cleanup(lambda folder=os.environ["TROUBLESPOTS_WORK"]: shutil.rmtree(folder, ignore_errors=True))


def pytest_runtest_setup(item):
    for marker in item.iter_markers("system_server"):
        name = marker.args[0]
        if shutil.which(name) is None:
            sentence = f"the system's {name} is not on this machine"
            if os.environ.get("TROUBLESPOTS_REQUIRE_SERVERS") == "1":
                pytest.fail(f"{sentence}, and nothing may be skipped here")
            pytest.skip(sentence)
