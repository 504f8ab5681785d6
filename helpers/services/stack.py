"""A stack: servers that were started one by one, what stands behind what, and how each of them is."""

from helpers.services.process import Server
from helpers.services.processes import family, memory_mb


class Stack:
    """Named servers, front to back; they are stopped in the order in which requests meet them.

    `parts` maps a name to its server, `behind` a name to the names that it asks. Use it in a `with` block, or call
    `stop()`; each server ends with the kernel in any case.
    """

    def __init__(self):
        self.parts: dict[str, Server] = {}
        self.behind: dict[str, list[str]] = {}

    def add(self, name: str, server: Server, asks=()) -> Server:
        """Take a running server in, under a name of its own; it asks the servers of these names. Returns the server.

        Raises ValueError for a name that is taken or a server behind it that is not there.
        """
        if name in self.parts:
            raise ValueError(f"{name!r} is in this stack already: give this one another name, as in {name + '-2'!r}.")
        missing = [other for other in asks if other not in self.parts]
        if missing:
            have = ", ".join(self.parts) or "nothing yet"
            raise ValueError(f"{missing[0]!r} is not in this stack (it holds {have}): add what stands behind first.")
        self.parts[name], self.behind[name] = server, list(asks)
        return server

    def remove(self, name: str) -> None:
        """Stop one server and take it out; those in front of it go on without."""
        self[name].stop()
        del self.parts[name], self.behind[name]
        for asked in self.behind.values():
            if name in asked:
                asked.remove(name)

    def health(self) -> list[dict]:
        """One row for each part: part, server, port, healthy, processes, memory_mb (what its processes hold), asks."""
        return [
            {
                "part": name,
                "server": server.name,
                "port": server.port,
                "healthy": server.pid is not None and server.answers(),
                "processes": len(family(server.pid)),
                "memory_mb": memory_mb(server.pid),
                "asks": list(self.behind[name]),
            }
            for name, server in self.parts.items()
        ]

    def stop(self) -> None:
        """Stop every server, the foremost first; calling it twice changes nothing."""
        for server in reversed(self.parts.values()):
            server.stop()

    def __getitem__(self, name: str) -> Server:
        if name not in self.parts:
            raise ValueError(f"{name!r} is not in this stack: it holds {', '.join(self.parts) or 'nothing yet'}.")
        return self.parts[name]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def __repr__(self):
        return f"<stack of {', '.join(reversed(self.parts)) or 'nothing yet'}>"
