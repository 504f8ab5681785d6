"""Audit the booking page of lesson 05 with its planted faults and without, and write what axe-core found.

python data/generators/accessibility.py            into data/accessibility/
python data/generators/accessibility.py FOLDER     somewhere else

Needs Chromium on the system.
"""

import sys
from pathlib import Path

from helpers import paths, registration
from helpers.audit import audit
from helpers.project.boot import boot

PAGES = ("faulty", "sound")


def page(name: str) -> str:
    """One of PAGES as HTML, its form holding an address that is none."""
    from django.template import engines

    from helpers.registration.booking import SENT, BookForm

    template = (registration.FOLDER / f"{name}.html").read_text(encoding="utf-8")
    return engines["django"].from_string(template).render({"form": BookForm(SENT)})


def main(folder: Path) -> None:
    """Write one CSV file a page: a row for each rule that it breaks, the gravest first."""
    boot()
    folder.mkdir(parents=True, exist_ok=True)
    for name in PAGES:
        audit(page(name)).to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else paths.DATA / "accessibility")
