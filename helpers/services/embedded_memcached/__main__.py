"""Start it by hand: `python -m helpers.services.embedded_memcached --port 0 --memory-mb 64` prints the port it took."""

import argparse
import asyncio

from helpers.services.embedded_memcached.server import EmbeddedMemcached
from helpers.services.embedded_memcached.store import MEGABYTE, Store


def main() -> None:
    parser = argparse.ArgumentParser(prog="embedded_memcached", description="A small memcached for this machine alone.")
    parser.add_argument("--port", type=int, default=11211, help="0 takes any free port; the port taken is printed")
    parser.add_argument("--unix-socket", metavar="PATH", help="listen there instead of on a port")
    parser.add_argument("--memory-mb", type=int, default=64, help="megabytes for items, overhead included")
    parser.add_argument("--max-item-bytes", type=int, default=MEGABYTE, help="the largest item, overhead included")
    chosen = parser.parse_args()
    if not 0 <= chosen.port <= 65535:
        parser.error(f"--port {chosen.port}: a port is a number from 0 to 65535")
    if chosen.memory_mb < 1:
        parser.error(f"--memory-mb {chosen.memory_mb}: it takes whole megabytes, at least 1")
    if not 1024 <= chosen.max_item_bytes <= chosen.memory_mb * MEGABYTE:
        parser.error(f"--max-item-bytes {chosen.max_item_bytes}: from 1024 to all the memory")
    server = EmbeddedMemcached(Store(chosen.memory_mb * MEGABYTE, chosen.max_item_bytes), chosen.unix_socket)
    try:
        asyncio.run(server.run(chosen.port))
    except KeyboardInterrupt:
        pass
    except OSError as error:
        parser.exit(1, f"embedded_memcached cannot listen: {error}\n")


if __name__ == "__main__":
    main()
