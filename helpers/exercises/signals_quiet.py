"""Silence around a check of lesson 06: no receiver of the notebook hears it, and none that it connects outlives it."""

import contextlib
import logging
from collections.abc import Iterator

from django.db.models import signals

MODEL_SIGNALS = (
    signals.pre_save,
    signals.post_save,
    signals.pre_delete,
    signals.post_delete,
    signals.m2m_changed,
)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Run the block with no receiver on the signals of models; afterwards, also when it fails, they are as before."""
    before = [(signal, list(signal.receivers)) for signal in MODEL_SIGNALS]
    try:
        for signal in MODEL_SIGNALS:
            _put(signal, [])
        yield
    finally:
        for signal, receivers in before:
            _put(signal, receivers)


@contextlib.contextmanager
def no_log() -> Iterator[None]:
    """Run the block without the log line that `send_robust` and robust callbacks write for a receiver that failed."""
    loggers = [logging.getLogger(name) for name in ("django.dispatch", "django.db.backends.base")]
    before = [logger.disabled for logger in loggers]
    try:
        for logger in loggers:
            logger.disabled = True
        yield
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled


def _put(signal, receivers):
    with signal.lock:
        signal.receivers = list(receivers)
        signal.sender_receivers_cache.clear()
