"""The meta commands: mg, ms, md and mn, without the flags that few clients send."""

from functools import partial

from helpers.services.embedded_memcached.commands import BAD_FORMAT, Refused, checked, room_for
from helpers.services.embedded_memcached.numbers import signed, unsigned

ANSWERS = {b"STORED": b"HD", b"DELETED": b"HD", b"NOT_STORED": b"NS", b"EXISTS": b"EX", b"NOT_FOUND": b"NF"}
MODES = {b"S": b"set", b"E": b"add", b"A": b"append", b"P": b"prepend", b"R": b"replace"}
READERS = {b"C": unsigned, b"F": unsigned, b"T": signed}
LONGEST_OPAQUE = 31


def get(connection, words):
    (key,), items = checked(words[1:2]), connection.store
    flags = _flags(words[2:], b"vkOqstfcT")
    left = items.seconds_left(key)
    item = items.touch(key, flags[b"T"]) if b"T" in flags else items.get(key)
    if item is None:
        return None if b"q" in flags else b"EN" + _returned(flags, key)
    if b"T" in flags and b"t" in flags and list(flags).index(b"T") < list(flags).index(b"t"):
        left = items.seconds_left(key)
    returned = _returned(flags, key, item, left)
    return b"VA %d%b\r\n%b" % (len(item.value), returned, item.value) if b"v" in flags else b"HD" + returned


def store(connection, words):
    (key,), items = checked(words[1:2]), connection.store
    if len(words) < 3:
        raise Refused(BAD_FORMAT)
    length = room_for(connection, key, words[2], 0, replaces=True)
    try:
        flags = _flags(words[3:], b"kOqcFTCMvst")
        letter = flags.get(b"M", b"S")[:1]
        if letter not in MODES:
            complaint = b"invalid mode for ms M token" if letter else b"incorrect length for M token"
            raise Refused(b"CLIENT_ERROR " + complaint)
    except Refused as refused:
        raise Refused(refused.answer, skip=length + 2) from None
    client_flags, exptime, unique = flags.get(b"F", 0) & 0xFFFFFFFF, flags.get(b"T", 0), flags.get(b"C")
    return length, partial(_stored, items, flags), (MODES[letter], key, client_flags, exptime, unique)


def _stored(items, flags, mode, key, value, *more):
    answer = ANSWERS[items.store(mode, key, value, *more)]
    return None if answer == b"HD" and b"q" in flags else answer + _returned(flags, key, items.items.get(key))


def delete(connection, words):
    (key,) = checked(words[1:2])
    try:
        flags = _flags(words[2:], b"kOqCv")
    except Refused:
        raise Refused(b"CLIENT_ERROR invalid or duplicate flag") from None
    answer = ANSWERS[connection.store.delete(key, flags.get(b"C"))]
    return None if answer == b"HD" and b"q" in flags else answer + _returned(flags, key)


def nothing(connection, words):
    return b"MN"


def _flags(words, allowed):
    """The flags of a meta command in their order: letter → token, or → number where it must be one."""
    flags = {}
    for word in words:
        letter, token = word[:1], word[1:]
        if letter in flags:
            raise Refused(b"CLIENT_ERROR duplicate flag")
        if letter not in allowed:
            raise Refused(b"CLIENT_ERROR invalid flag")
        if letter == b"O" and len(token) > LONGEST_OPAQUE:
            raise Refused(b"CLIENT_ERROR opaque token too long")
        flags[letter] = READERS[letter](token) if letter in READERS else token
        if flags[letter] is None:
            raise Refused(BAD_FORMAT if letter == b"F" else b"CLIENT_ERROR bad token in command line format")
    return flags


def _returned(flags, key, item=None, seconds_left=None):
    """What the flags ask to be returned, in their order: of a stored item no size, flags and seconds left."""
    values = {b"k": key, b"O": flags.get(b"O")}
    if item is not None:
        values[b"c"] = b"%d" % item.unique
    if seconds_left is not None:
        values |= {b"s": b"%d" % len(item.value), b"f": b"%d" % item.flags, b"t": b"%d" % seconds_left}
    return b"".join(b" " + letter + values[letter] for letter in flags if letter in values)
