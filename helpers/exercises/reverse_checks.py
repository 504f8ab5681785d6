"""What the exercises of lesson 02 say alike: a nudge that follows the words of an error."""

import contextlib
from collections.abc import Iterator

from helpers.exercises.base import Incorrect


@contextlib.contextmanager
def nudging(nudges: dict[str, str]) -> Iterator[None]:
    """Add a nudge to the Incorrect, or to any other error, that the block raises, where its key stands in the words."""
    try:
        yield
    except Exception as error:
        nudge = next((nudge for key, nudge in nudges.items() if key in str(error)), None)
        if nudge is None:
            raise
        words = str(error) if isinstance(error, Incorrect) else f"your answer raised {type(error).__name__}: {error}"
        raise Incorrect(f"{words} {nudge}") from error
