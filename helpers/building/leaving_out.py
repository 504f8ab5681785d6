"""A pytest plugin for nbval: leaves out the cells whose server this machine lacks, with the reason; never in CI."""

import os
import tempfile

import pytest

from helpers import needs

# Before any kernel starts: a learner's progress is never touched by the tests.
os.environ.setdefault("TROUBLESPOTS_WORK", tempfile.mkdtemp(prefix="troublespots-nbval-"))


def pytest_collection_modifyitems(items):
    for item in items:
        tags = item.cell.metadata.get("tags", []) if hasattr(item, "cell") else []
        for name in [tag.removeprefix("needs-") for tag in tags if tag.startswith("needs-")]:
            if not needs.available(name):
                if os.environ.get("TROUBLESPOTS_REQUIRE_SERVERS") == "1":
                    raise pytest.UsageError(f"{name} is missing, and nothing may be skipped here")
                item.add_marker(pytest.mark.skip(reason=f"the cell needs the system's {name}"))
