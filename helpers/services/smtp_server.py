"""A mail server on loopback (aiosmtpd): it keeps every message as a file, as slowly as a lesson wants.

Run as `python -m helpers.services.smtp_server HOST PORT DELAY SIZE HANDLER`, in the folder that keeps the messages.
"""

import contextlib
import email
import email.policy
import smtplib
import sys
from email.message import EmailMessage
from pathlib import Path

from helpers.services.python_server import PythonServer

KEEP = "helpers.services.smtp_server:Keep"


def start(delay_seconds: float = 0, size_limit: int = 1_000_000, handler: str = KEEP, environment=None, folder=None):
    """Start a mail server that takes `delay_seconds` over each message, and return it once it answers.

    `size_limit` is the largest message in bytes. `handler` ("module:Class") is a class of aiosmtpd's handlers that does
    something else with a message than to keep it. `environment` and `folder` as for uvicorn. Raises ValueError for a
    delay below 0 or a limit that is none, ServerDied with the end of its log when the handler cannot be loaded.
    """
    if not delay_seconds >= 0:
        raise ValueError(f"delay_seconds={delay_seconds!r}: a mail server cannot answer before it is asked; take 0.")
    if isinstance(size_limit, bool) or not isinstance(size_limit, int) or size_limit < 1:
        raise ValueError(f"size_limit={size_limit!r}: give a whole number of bytes, at least 1.")
    return SmtpServer(delay_seconds, size_limit, handler, environment, folder).start(30)


class SmtpServer(PythonServer):
    """A running mail server; `messages()` are those that it keeps, in the order of their arrival."""

    name, distribution = "aiosmtpd", "aiosmtpd"

    def __init__(self, delay_seconds=0.0, size_limit=1_000_000, handler=KEEP, environment=None, folder=None):
        super().__init__(handler, environment, folder)
        self.delay_seconds, self.size_limit = delay_seconds, size_limit

    @property
    def url(self) -> str:
        """Where it listens: host and port."""
        return f"{self.host}:{self.port}"

    def command(self) -> list[str]:
        words = [self.host, self.port, self.delay_seconds, self.size_limit, self.application]
        return self.module("helpers.services.smtp_server", *words)

    def asked(self) -> bool:
        try:
            with smtplib.SMTP(self.host, self.port, timeout=2) as client:
                return client.noop()[0] == 250
        except smtplib.SMTPException as error:
            raise OSError(str(error)) from None

    def messages(self) -> list[EmailMessage]:
        """Every message that was kept, oldest first."""
        paths = sorted(self.folder.glob("*.eml"))
        return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in paths]


class Keep:
    """Keeps a message as a numbered file; written whole under another name first, so that no reader sees a half."""

    def __init__(self, folder="."):
        self.folder, self.number = Path(folder), len(list(Path(folder).glob("*.eml")))

    async def handle_DATA(self, server, session, envelope):
        """Keep it; aiosmtpd calls this once the message has arrived."""
        self.number += 1
        part = self.folder / f"{self.number:05d}.part"
        part.write_bytes(envelope.content)
        part.rename(part.with_suffix(".eml"))
        return "250 OK"


def main(host: str, port: int, delay_seconds: float, size_limit: int, handler: str) -> None:
    """Serve until the process ends."""
    import asyncio
    from importlib import import_module

    from aiosmtpd.smtp import SMTP

    module, _, name = handler.partition(":")
    kept = getattr(import_module(module), name)()

    class Slow(SMTP):
        async def smtp_DATA(self, argument):
            await asyncio.sleep(delay_seconds)
            await super().smtp_DATA(argument)

    async def serve():
        made = await asyncio.get_running_loop().create_server(
            lambda: Slow(kept, hostname="mail.example", data_size_limit=size_limit, enable_SMTPUTF8=True), host, port
        )
        async with made:
            await made.serve_forever()

    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(serve())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
