"""One client of the embedded memcached: bytes in, commands carried out in order, bytes out, at the client's pace."""

import asyncio

from helpers.services.embedded_memcached import commands, meta, stats
from helpers.services.embedded_memcached.commands import Refused

LONGEST_LINE = 2048  # bytes of a line whose end has not come yet; as in memcached only get and gets may be longer
LONGEST_GET = 16 * 1024 * 1024
ENOUGH = 64 * 1024  # bytes of answers that are sent before more is answered

ANY, NEVER = 1 << 30, 1 << 31
UNKNOWN = (commands.unknown, 0, ANY, NEVER)
WITH_DATA = {commands.store, meta.store}
# name: function, fewest and most words of its line, and from how many words on a last word "noreply" silences it
COMMANDS = {
    b"get": (commands.get, 2, ANY, NEVER),
    b"gets": (commands.get, 2, ANY, NEVER),
    b"gat": (commands.get_and_touch, 2, ANY, NEVER),
    b"gats": (commands.get_and_touch, 2, ANY, NEVER),
    b"touch": (commands.touch, 3, 4, 3),
    b"set": (commands.store, 5, 6, 5),
    b"add": (commands.store, 5, 6, 5),
    b"replace": (commands.store, 5, 6, 5),
    b"append": (commands.store, 5, 6, 5),
    b"prepend": (commands.store, 5, 6, 5),
    b"cas": (commands.store, 6, 7, 6),
    b"incr": (commands.increment, 3, 4, 3),
    b"decr": (commands.increment, 3, 4, 3),
    b"delete": (commands.delete, 2, 4, 3),
    b"flush_all": (commands.flush_all, 1, 3, 2),
    b"verbosity": (commands.verbosity, 2, 3, 2),
    b"cache_memlimit": (commands.cache_memlimit, 2, 3, 2),
    b"version": (commands.version, 1, ANY, NEVER),
    b"stats": (stats.stats, 1, ANY, NEVER),
    b"quit": (commands.leave, 1, ANY, NEVER),
    b"mg": (meta.get, 2, ANY, NEVER),
    b"ms": (meta.store, 2, ANY, NEVER),
    b"md": (meta.delete, 2, ANY, NEVER),
    b"mn": (meta.nothing, 1, ANY, NEVER),
}


class Connection(asyncio.Protocol):
    """One client: cuts what arrives into commands, answers them in order, and waits while the client does not read."""

    def __init__(self, server):
        self.server, self.store = server, server.store
        self._kept, self._kept_bytes, self._wanted = [], 0, 0  # an unfinished command; wanted 0: its line has no end
        self._out, self._out_bytes = [], 0
        self._skip = 0
        self._rest = None
        self._paused = self._closed = False

    def write(self, piece) -> bool:
        """Add `piece` to the answers; False when the client must read before there may be more."""
        self._out.append(piece)
        self._out_bytes += len(piece)
        if self._out_bytes > ENOUGH:
            self._send()
        return not self._paused

    def go_on_later(self, words):
        """Carry out `words` as the next command, once the client has read."""
        self._rest = words

    def close(self):
        """Send what is answered, and close."""
        self._send()
        self._closed = True
        self.transport.close()

    def connection_made(self, transport):
        self.transport = transport
        self.server.connected(self)

    def connection_lost(self, _):
        self._closed = True
        self.server.connections.discard(self)

    def pause_writing(self):
        self._paused = True
        self.transport.pause_reading()

    def resume_writing(self):
        self._paused = False
        self.transport.resume_reading()
        self._answer(self._take())

    def data_received(self, data):
        self.server.bytes_read += len(data)
        if self._kept:
            self._kept.append(data)
            self._kept_bytes += len(data)
            if self._kept_bytes < self._wanted or (not self._wanted and b"\n" not in data):
                self._refuse_a_line_without_end()
                return
            data = self._take()
        self._answer(data)

    def _answer(self, data):
        """Carry out every whole command in `data`, and keep the rest."""
        position = wanted = 0
        while not (self._paused or self._closed):
            if self._skip:
                passed = min(self._skip, len(data) - position)
                self._skip -= passed
                position += passed
            end = data.find(b"\n", position)
            if end < 0:
                break
            line = data[position : end - 1] if data[end - 1] == 13 and end > position else data[position:end]
            words = line.split(b" ")
            if b"" in words or b"\0" in line:
                words = words_of(line)
            function, fewest, most, quiet_from = COMMANDS.get(words[0], UNKNOWN) if words else UNKNOWN
            if not fewest <= len(words) <= most:
                function, _, _, quiet_from = UNKNOWN
            start, position = position, end + 1
            try:
                if function in WITH_DATA:
                    length, finish, (verb, key, *more) = function(self, words)
                    position += length + 2
                    if position > len(data):
                        position, wanted = start, position - start
                        break
                    if data[position - 2 : position] != b"\r\n":
                        self.store.counts["cmd_set"] += 1
                        raise Refused(b"CLIENT_ERROR bad data chunk")
                    answer = finish(verb, key, data[end + 1 : position - 2], *more)
                else:
                    answer = function(self, words)
            except Refused as refused:
                answer, self._skip = refused.answer, refused.skip
            if self._rest:
                data, position, self._rest = b" ".join(self._rest) + b"\r\n" + data[position:], 0, None
            elif answer is not None and (words[-1:] != [b"noreply"] or len(words) < quiet_from):
                self.write(answer + b"\r\n")
        self._keep(data[position:], wanted)
        self._send()

    def _keep(self, data, wanted):
        self._kept, self._kept_bytes, self._wanted = [data] if data else [], len(data), wanted
        self._refuse_a_line_without_end()

    def _take(self):
        data = b"".join(self._kept)
        self._kept, self._kept_bytes, self._wanted = [], 0, 0
        return data

    def _refuse_a_line_without_end(self):
        if self._wanted or self._paused or self._kept_bytes <= LONGEST_LINE:
            return
        is_get = b"".join(self._kept[:8]).lstrip(b" ").startswith((b"get ", b"gets "))
        if not is_get or self._kept_bytes > LONGEST_GET:
            self.close()

    def _send(self):
        if self._out:
            data = b"".join(self._out) if len(self._out) > 1 else self._out[0]
            self._out, self._out_bytes = [], 0
            self.server.bytes_written += len(data)
            self.transport.write(data)


def words_of(line: bytes) -> list[bytes]:
    """The words of a line as memcached cuts them: at spaces only, and nothing after a zero byte counts."""
    return [word for word in line.partition(b"\0")[0].split(b" ") if word]
