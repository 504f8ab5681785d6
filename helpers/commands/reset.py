"""`make reset [LESSON=09] [PROGRESS=yes]`: a fresh copy of a lesson, or of all; the learner's own is kept aside."""

import argparse
import sys

from helpers import progress
from helpers.commands import copies


def main(arguments: list[str] | None = None) -> str | None:
    """Renew the copies and say where the old ones are; returns a sentence when it cannot."""
    parser = argparse.ArgumentParser(prog="make reset")
    parser.add_argument("lesson", nargs="?", default="")
    parser.add_argument("--progress", action="store_true", help="start the count of solved exercises again, too")
    options = parser.parse_args(arguments)
    try:
        for name, kept in copies.renew(options.lesson):
            print(f"✔ {name} is fresh" + (f"; yours is now {kept}." if kept else "."))
        if options.progress:
            kept = copies.set_aside(progress.path())
            print(f"✔ Progress starts again; the old one is {kept}." if kept else "✔ There was no progress yet.")
        else:
            print("Your progress is kept (PROGRESS=yes starts it again).")
    except ValueError as error:
        return f"✘ {error}"
    except OSError as error:
        return f"✘ Nothing more was changed: {error.strerror or error}. Make work/ writable for you, and try again."
    return None


if __name__ == "__main__":
    sys.exit(main())
