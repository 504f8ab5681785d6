"""What the embedded memcached answers to a line of words: one function a command.

Each takes the connection and the words, and returns memcached's answer without its line end, or None for silence.
Those that store return how many bytes of data follow the line, and the function and its arguments that take them.
"""

from helpers.services.embedded_memcached.numbers import signed, unsigned
from helpers.services.embedded_memcached.store import MEGABYTE

VERSION = "1.6.0-troublespots"
LONGEST_KEY, LONGEST_VALUE = 250, 2**31 - 3
BAD_FORMAT = b"CLIENT_ERROR bad command line format"


class Refused(Exception):
    """A command that cannot be carried out: the answer, and how many bytes of data after its line to pass over."""

    def __init__(self, answer: bytes, skip: int = 0):
        super().__init__(answer)
        self.answer, self.skip = answer, skip


def get(connection, words, first=1, exptime=None):
    items, keys, with_unique = connection.store, words[first:], words[0] in (b"gets", b"gats")
    refused = any(len(key) > LONGEST_KEY for key in keys)
    for number, key in enumerate(keys, 1):
        if refused:
            checked((key,))  # as in memcached, the keys before it have been looked up, and none is shown
        item = items.get(key) if exptime is None else items.touch(key, exptime)
        if item is None or refused:
            continue
        value = item.value
        if with_unique:
            head = b"VALUE %b %d %d %d\r\n" % (key, item.flags, len(value), item.unique)
        else:
            head = b"VALUE %b %d %d\r\n" % (key, item.flags, len(value))
        if not connection.write(head + value + b"\r\n") and number < len(keys):
            connection.go_on_later(words[:first] + keys[number:])
            return None
    return b"END"


def get_and_touch(connection, words):
    return get(connection, words, 2, exptime_in(words[1]))


def touch(connection, words):
    checked(words[1:2])
    return b"NOT_FOUND" if connection.store.touch(words[1], exptime_in(words[2])) is None else b"TOUCHED"


def store(connection, words):
    verb, key = words[0], words[1]
    flags, exptime, unique = unsigned(words[2]), signed(words[3]), None
    if len(key) > LONGEST_KEY or flags is None or exptime is None:
        raise Refused(BAD_FORMAT)
    flags &= 0xFFFFFFFF
    if verb == b"cas":
        verb, unique = b"set", unsigned(words[5])
        if unique is None:
            raise Refused(BAD_FORMAT)
    length = room_for(connection, key, words[4], flags, words[0] == b"set")
    return length, connection.store.store, (verb, key, flags, exptime, unique)


def room_for(connection, key, text, flags, replaces):
    """The length that `text` says, refused if no such item may be stored; what it would have replaced goes, too."""
    length = signed(text)
    if length is None or not 0 <= length <= LONGEST_VALUE:
        raise Refused(BAD_FORMAT)
    if connection.store.too_large(key, length, flags):
        connection.store.counts["store_too_large"] += 1
        if replaces:
            connection.store.discard(key)
        raise Refused(b"SERVER_ERROR object too large for cache", skip=length + 2)
    return length


def increment(connection, words):
    checked(words[1:2])
    delta = unsigned(words[2])
    if delta is None:
        raise Refused(b"CLIENT_ERROR invalid numeric delta argument")
    return connection.store.increment(words[0], words[1], delta)


def delete(connection, words):
    if words[2:] not in ([], [b"0"], [b"noreply"], [b"0", b"noreply"]):
        raise Refused(BAD_FORMAT + b".  Usage: delete <key> [noreply]")
    checked(words[1:2])
    return connection.store.delete(words[1])


def flush_all(connection, words):
    connection.store.flush(0 if words[1:] in ([], [b"noreply"]) else exptime_in(words[1]))
    return b"OK"


def verbosity(connection, words):
    if words[1] != b"noreply" and unsigned(words[1]) is None:
        raise Refused(BAD_FORMAT)
    return b"OK"


def cache_memlimit(connection, words):
    megabytes = unsigned(words[1])
    if megabytes is None:
        raise Refused(b"ERROR")
    if megabytes < 8:
        return b"MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m"
    connection.store.resize(megabytes * MEGABYTE)
    return b"OK"


def version(connection, words):
    return b"VERSION " + VERSION.encode()


def leave(connection, words):
    connection.close()


def unknown(connection, words):
    if len(words) > 2 and words[-1].startswith(b"HTTP/"):
        return leave(connection, words)  # a browser was led here: no line of its request may be taken for a command
    return b"ERROR"


def checked(keys):
    for key in keys:
        if len(key) > LONGEST_KEY:
            raise Refused(BAD_FORMAT)
    return keys


def exptime_in(text):
    exptime = signed(text)
    if exptime is None:
        raise Refused(b"CLIENT_ERROR invalid exptime argument")
    return exptime
