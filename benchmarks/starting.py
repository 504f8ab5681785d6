"""What a lesson's first cell costs next to a bare Django, each in a process of its own."""

import os
import subprocess
import sys
import tempfile

from benchmarks.timing import interleaved, row

BARE = "import django; django.setup(); import pandas, matplotlib.figure, helpers.conference.models"
LESSON = "from helpers import lesson; lesson.start('09-hit-rate'); import pandas, matplotlib.figure"


def rows():
    """The rows of this benchmark."""
    with tempfile.TemporaryDirectory() as work:
        environment = {**os.environ, "TROUBLESPOTS_WORK": work, "DJANGO_SETTINGS_MODULE": "helpers.project.settings"}

        def run(program):
            subprocess.run([sys.executable, "-c", program], env=environment, check=True, stdout=subprocess.DEVNULL)

        run(LESSON)  # the template of the database is made once on a machine
        times = interleaved({"bare": lambda: run(BARE), "lesson": lambda: run(LESSON)}, repeats=7)
    ratio = times["lesson"] / times["bare"]
    yield row(
        "lesson.start, warm", "bare django.setup() and the same imports", ratio, "× its time", "≤ 1.5 ×", ratio <= 1.5
    )
