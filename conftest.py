"""What tests and notebook cells share: a work folder of their own, servers that may be missing here, a count."""

import os
import shutil
from pathlib import Path

import pytest

from helpers import needs
from helpers.commands import counts


def pytest_configure(config):
    if "TROUBLESPOTS_WORK" not in os.environ:
        import tempfile

        os.environ["TROUBLESPOTS_WORK"] = tempfile.mkdtemp(prefix="troublespots-tests-")
        config.add_cleanup(lambda folder=os.environ["TROUBLESPOTS_WORK"]: shutil.rmtree(folder, ignore_errors=True))
    config.pluginmanager.register(_Counting(config), "troublespots-counting")


def pytest_collection_modifyitems(items):
    """A notebook's cell says by its tag which servers it needs; from here on it is treated as any test."""
    for item in items:
        tags = item.cell.metadata.get("tags", []) if hasattr(item, "cell") else []
        for tag in tags:
            if tag.startswith("needs-"):
                item.add_marker(pytest.mark.system_server(tag.removeprefix("needs-")))
        item.user_properties.append(("troublespots", counts.marks(item)))


def pytest_runtest_setup(item):
    for marker in item.iter_markers("system_server"):
        name = marker.args[0]
        if needs.available(name):
            continue
        if os.environ.get("TROUBLESPOTS_SERVERS") == "embedded":
            pytest.skip(f"TROUBLESPOTS_SERVERS leaves the system's {name} out")
        sentence = f"the system's {name} is not on this machine"
        if os.environ.get("TROUBLESPOTS_REQUIRE_SERVERS") == "1":
            pytest.fail(f"{sentence}, and nothing may be skipped here")
        pytest.skip(sentence)


class _Counting:
    """Counts what passed, in the process that gathers all reports, for the last line of `make test`."""

    def __init__(self, config):
        self.config, self.counter = config, counts.Counter()

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or report.skipped:
            for name, marked in report.user_properties:
                if name == "troublespots":
                    self.counter.add(report.outcome, marked)

    def pytest_sessionfinish(self):
        folder = os.environ.get("TROUBLESPOTS_COUNTS")
        if folder and not hasattr(self.config, "workerinput"):
            self.counter.write(Path(folder) / f"{os.getpid()}.json")
