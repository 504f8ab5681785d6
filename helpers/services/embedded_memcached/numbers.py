"""Numbers in commands and values, read as memcached's C reads them: 64 bits, what is cut off is cut off silently."""

import re

# A longer row of digits than 20, without the zeros before it, is beyond 64 bits.
_NUMBER = re.compile(rb"\s*([+-]?)0*([0-9]{1,20})(?=[\s\0]|\Z)")


def unsigned(text) -> int | None:
    """The number at the start of `text` as C's strtoull and memcached read it, in 64 bits, or None."""
    if text.isdigit() and len(text) < 10:
        return int(text)
    number = _number(text)
    if number is None or not -(2**64) < number < 2**64 or -(2**63) <= number < 0:
        return None
    return number % 2**64


def signed(text) -> int | None:
    """The number at the start of `text`, cut to 32 bits as memcached cuts an exptime or a length, or None."""
    if text.isdigit() and len(text) < 10:
        return int(text)
    number = _number(text)
    if number is None or not -(2**63) <= number < 2**63:
        return None
    return (number + 2**31) % 2**32 - 2**31


def _number(text):
    found = _NUMBER.match(text)
    return int(found[1] + found[2]) if found else None
