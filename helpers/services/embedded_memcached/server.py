"""The embedded memcached as a server: where it listens, and what all its connections share."""

import asyncio
import os
import time

from helpers.services.embedded_memcached.connection import Connection
from helpers.services.embedded_memcached.store import Store


class EmbeddedMemcached:
    """What all connections share: the store, and the numbers of the server itself."""

    def __init__(self, store: Store, unix_socket: str | None = None):
        self.store, self.unix_socket, self.port = store, unix_socket, 0
        self.connections: set[Connection] = set()
        self._began = time.monotonic()
        self.total_connections = self.bytes_read = self.bytes_written = 0

    def uptime(self) -> int:
        """Whole seconds since the start."""
        return int(time.monotonic() - self._began)

    def reset_counters(self) -> None:
        """Set what `stats` counts to zero, as `stats reset` does; the items stay."""
        self.store.reset_counters()
        self.total_connections = self.bytes_read = self.bytes_written = 0

    def connected(self, connection: Connection) -> None:
        """Count a client that has come."""
        self.connections.add(connection)
        self.total_connections += 1

    async def run(self, port: int) -> None:
        """Listen on `port` of 127.0.0.1 (0: any that is free) or on the Unix socket, say where, and serve."""
        loop = asyncio.get_running_loop()
        if self.unix_socket:
            os.umask(0o177)  # the socket is for this user alone
            listener = await loop.create_unix_server(lambda: Connection(self), self.unix_socket, backlog=1024)
        else:
            listener = await loop.create_server(lambda: Connection(self), "127.0.0.1", port, backlog=1024)
            self.port = listener.sockets[0].getsockname()[1]
            write_port_file(self.port)
        print(self.unix_socket or self.port, flush=True)
        await listener.serve_forever()


def write_port_file(port: int) -> None:
    """Write where it listens into the file that MEMCACHED_PORT_FILENAME names, as memcached does."""
    path = os.environ.get("MEMCACHED_PORT_FILENAME")
    if path:
        with open(path + ".new", "w") as file:
            file.write(f"TCP INET: {port}\n")
        os.replace(path + ".new", path)  # a reader never sees half of it
