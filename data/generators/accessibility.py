"""Audit the booking page of lesson 05 with its planted faults and without, and write what axe-core found.

python data/generators/accessibility.py            into data/accessibility/
python data/generators/accessibility.py FOLDER     somewhere else

Needs Chromium on the system.
"""

import sys
from pathlib import Path

from helpers import paths
from helpers.audit import audit
from helpers.project.boot import boot
from helpers.registration.booking import page

PAGES = ("faulty", "sound")


def main(folder: Path) -> None:
    """Write one CSV file a page: a row for each rule that it breaks, the gravest first."""
    boot()
    folder.mkdir(parents=True, exist_ok=True)
    for name in PAGES:
        audit(page(name)).to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else paths.DATA / "accessibility")
