"""Showing things: a figure with its alt text, and quiz questions as plain HTML, readable in the dark theme too."""

import base64
import hashlib
import html
import io
import re

from IPython.display import display

from helpers import progress

_PLACES = ("center", "left", "right")  # where matplotlib may put the title of an Axes


def show(picture, alt: str) -> None:
    """Put a matplotlib figure (or the figure of an Axes) on the page with the text that describes it.

    JupyterLab's own figure output drops every alt text, hence the HTML form. Raises ValueError when `alt` is empty or
    no part of the figure has a title, and TypeError when `picture` is not a figure or an Axes.
    """
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError("show() needs alt=: one sentence that tells what the figure shows to those who cannot see it.")
    figure = getattr(picture, "figure", picture)
    if not hasattr(figure, "savefig"):
        raise TypeError(
            f"show() takes a figure or an Axes, and this is {type(picture).__name__}: pass what plots.… returned."
        )
    if not (figure.get_suptitle() or any(part.get_title(place) for part in figure.axes for place in _PLACES)):
        raise ValueError("show() wants a title that states the finding: ax.set_title(…) before you show the figure.")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, bbox_inches="tight", facecolor="white")
    data = base64.b64encode(buffer.getvalue()).decode()
    style = "max-width:100%;background:white;padding:6px;border-radius:6px"
    markup = f'<img alt="{html.escape(alt, quote=True)}" style="{style}" src="data:image/png;base64,{data}">'
    display({"text/html": markup, "text/plain": f"Figure: {alt}"}, raw=True)


def quiz(question: str, right: dict[str, str], wrong: dict[str, str]) -> None:
    """Put a question on the page; a click on an option opens why it is right or wrong.

    `right` and `wrong` map each option to its reason. The order of the options is shuffled, and is the same each time.
    """
    options = [(text, "✔ Right. " + why) for text, why in right.items()]
    options += [(text, "✘ No. " + why) for text, why in wrong.items()]
    options.sort(key=lambda option: hashlib.sha256((question + option[0]).encode()).digest())
    rows = "".join(
        f"<details><summary>{_marked(text)}</summary><p style='margin:0.2em 1.4em'>{_marked(why)}</p></details>"
        for text, why in options
    )
    plain = "\n".join([question, *(f"  - {text}" for text, _ in options)])
    display({"text/html": f"<p><b>{_marked(question)}</b></p>{rows}", "text/plain": plain}, raw=True)


def recall(questions: dict[str, str], exercises: dict | None = None) -> None:
    """Put three short questions from before on the page, each with its answer behind a click.

    `questions` maps three questions to their answers. Where the reader has looked at a solution, the third is replaced:
    write that one again without looking (`exercises` maps ids to exercises; `lesson.recall` hands it in).
    """
    asked = dict(questions)
    seen = progress.last_solution_seen()
    if seen and seen in (exercises or {}):
        asked.popitem()
        again = f"You looked at the solution of {seen}. Write it again without looking: {exercises[seen].task()}"
        asked[again] = f'Then compare: solution("{seen}").'
    rows = "".join(
        f"<details><summary>{_marked(question)}</summary><p style='margin:0.2em 1.4em'>{_marked(answer)}</p></details>"
        for question, answer in asked.items()
    )
    plain = "\n".join(f"- {question}" for question in asked)
    display({"text/html": f"<p><b>From before</b></p>{rows}", "text/plain": plain}, raw=True)


def _marked(text):
    """The text as HTML, with what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
