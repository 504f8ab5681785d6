"""A name server on loopback (dnslib): it answers from a zone that a lesson shows, and notes every question.

Run as `python -m helpers.services.dns_server ZONE HOST PORT`.
"""

import re
import socket
import sys
from pathlib import Path

from helpers.services.python_server import PythonServer

_READY = "ready.invalid."
_QUESTION = re.compile(r"^asked (\S+) (\S+)$", re.MULTILINE)


def start(zone: str) -> "DnsServer":
    """Serve this zone (a text as in a zone file) over UDP and TCP and return the server once it answers.

    Raises ValueError for a zone that cannot be read.
    """
    _records(zone)
    return DnsServer(zone).start(30)


class DnsServer(PythonServer):
    """A running name server; `questions()` are those that reached it. `pause()` silences it."""

    name, distribution = "dnslib", "dnslib"

    def __init__(self, zone: str):
        super().__init__("helpers.services.dns_server:main")
        self.zone = zone

    @property
    def url(self) -> str:
        """Where it listens: host and port."""
        return f"{self.host}:{self.port}"

    def prepare(self) -> None:
        super().prepare()
        (self.folder / "zone").write_text(self.zone)

    def command(self) -> list[str]:
        return self.module("helpers.services.dns_server", self.folder / "zone", self.host, self.port)

    def asked(self) -> bool:
        from dnslib import DNSRecord

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.settimeout(1)
            question = DNSRecord.question(_READY)
            probe.sendto(question.pack(), (self.host, self.port))
            return DNSRecord.parse(probe.recv(2048)).header.id == question.header.id

    def questions(self) -> list[tuple[str, str]]:
        """Each question that reached it: the name and the type of record."""
        return [found for found in _QUESTION.findall(self.logs()) if found[0] != _READY]

    def pause(self) -> None:
        """Stop answering, as a server does whose machine hangs; the port stays open."""
        import psutil

        psutil.Process(self.pid).suspend()

    def resume(self) -> None:
        """Answer again."""
        import psutil

        psutil.Process(self.pid).resume()


def main(zone: str, host: str, port: int) -> None:
    """Serve until the process ends."""
    from dnslib import QTYPE
    from dnslib.server import DNSLogger, DNSServer
    from dnslib.zoneresolver import ZoneResolver

    def note(handler, request):
        print(f"asked {request.q.qname} {QTYPE[request.q.qtype]}", flush=True)

    logger = DNSLogger("request", prefix=False)
    logger.log_request = note
    resolver = ZoneResolver(zone)
    servers = [DNSServer(resolver, address=host, port=port, tcp=tcp, logger=logger) for tcp in (True, False)]
    servers[0].start_thread()
    servers[1].start()


def _records(zone):
    from dnslib import RR

    if not isinstance(zone, str) or not zone.strip():
        raise ValueError(f"zone={zone!r}: give the text of a zone, as in 'example.test. 60 IN A 127.0.0.1'.")
    try:
        return RR.fromZone(zone)
    except Exception as error:  # dnslib raises whatever its parser met
        raise ValueError(f"this zone cannot be read ({error}): mend the line with that word.") from None


if __name__ == "__main__":
    main(Path(sys.argv[1]).read_text(), sys.argv[2], int(sys.argv[3]))
