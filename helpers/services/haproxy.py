"""HAProxy on loopback: it spreads requests over several servers, from a configuration file that a lesson shows."""

import csv
import io
import socket

from helpers.services import installing
from helpers.services.on_port import Intermediary
from helpers.services.process import MissingServer


def binary() -> str | None:
    """The path of HAProxy; None where there is none."""
    return installing.find("HAProxy")


def available() -> bool:
    """True where HAProxy can be started."""
    return binary() is not None


def start(configuration: str, values: dict | None = None) -> "HAProxy":
    """Start HAProxy with this configuration file and return it once it answers.

    `configuration` is a whole file with blanks: <port> is where it is to listen, <folder> its own folder, all others
    come from `values`. With `stats socket <folder>/admin.sock level admin` in its `global` part `ask()` and `servers()`
    work; with `log stdout format raw local0` its `logs()` tell of every request. Raises ValueError for a blank without
    a value, MissingServer where there is no HAProxy, ServerDied with its own message for a file that it refuses.
    """
    if not available():
        raise MissingServer("HAProxy")
    return HAProxy(configuration, values).start()


class HAProxy(Intermediary):
    """A running HAProxy; `ask()` sends a command to its socket, `servers()` says how each server behind it is."""

    name = "HAProxy"
    file_name = "haproxy.cfg"
    version_pattern = r"version (\S+?)[-\s]"

    @property
    def version_command(self) -> list[str]:
        return [binary(), "-v"]

    def command(self) -> list[str]:
        return [binary(), "-db", "-f", str(self.folder / self.file_name)]

    def ask(self, command: str) -> str:
        """The answer to one command of its Runtime API, as in "show servers state" or "set server apps/a state drain".

        Raises ValueError where the configuration opens no such socket.
        """
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(5)
                connection.connect(str(self.folder / "admin.sock"))
                connection.sendall(command.encode() + b"\n")
                return b"".join(iter(lambda: connection.recv(65536), b"")).decode().strip()
        except FileNotFoundError:
            raise ValueError(
                "this HAProxy has no admin socket: write `stats socket <folder>/admin.sock level admin` into the "
                "`global` part of its configuration."
            ) from None

    def servers(self) -> list[dict]:
        """One row for each server behind it: backend, server, status, requests, errors, connections now."""
        rows = csv.DictReader(io.StringIO(self.ask("show stat").removeprefix("# ")))
        return [
            {
                "backend": row["pxname"],
                "server": row["svname"],
                "status": row["status"],
                "requests": int(row["stot"] or 0),
                "errors": int(row["econ"] or 0) + int(row["eresp"] or 0),
                "connections": int(row["scur"] or 0),
            }
            for row in rows
            if row["svname"] not in ("FRONTEND", "BACKEND")
        ]
