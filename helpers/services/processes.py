"""A server's processes, all of them: itself and what it has started, and the memory that they hold."""

import psutil


def family(pid: int | None) -> list[psutil.Process]:
    """The process and everything that it started, itself first; empty for one that is gone, and for None."""
    try:
        first = psutil.Process(pid) if pid else None
        return [first, *first.children(recursive=True)] if first else []
    except psutil.NoSuchProcess:
        return []


def memory_mb(pid: int | None) -> float:
    """What the family holds, in MB; memory that they share is counted once (PSS) where the system tells it."""
    return sum(map(_held, family(pid))) / 1e6


def _held(process) -> int:
    try:
        return process.memory_full_info().pss
    except (psutil.Error, AttributeError):
        pass
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0
