"""Showing things: a figure with its alt text, and quiz questions as plain HTML, readable in the dark theme too."""

import base64
import hashlib
import html
import io

from IPython.display import display


def show(picture, alt: str) -> None:
    """Put a matplotlib figure (or the figure of an Axes) on the page with the text that describes it.

    JupyterLab's own figure output drops every alt text, hence the HTML form. Raises ValueError when `alt` is empty and
    TypeError when `picture` is not a figure or an Axes.
    """
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError("show() needs alt=: one sentence that tells what the figure shows to those who cannot see it.")
    figure = getattr(picture, "figure", picture)
    if not hasattr(figure, "savefig"):
        raise TypeError(
            f"show() takes a figure or an Axes, and this is {type(picture).__name__}: pass what plots.… returned."
        )
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
        f"<details><summary>{html.escape(text)}</summary><p style='margin:0.2em 1.4em'>{html.escape(why)}</p></details>"
        for text, why in options
    )
    plain = "\n".join([question, *(f"  - {text}" for text, _ in options)])
    display({"text/html": f"<p><b>{html.escape(question)}</b></p>{rows}", "text/plain": plain}, raw=True)
