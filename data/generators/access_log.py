"""Write the sample access log of the conference's site, the same lines each time.

python data/generators/access_log.py            into data/access-log/access.log.gz
python data/generators/access_log.py FILE       somewhere else
"""

import bisect
import gzip
import itertools
import sys
import zlib
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random

from helpers import paths
from helpers.conference import generator

FILE = paths.DATA / "access-log" / "access.log.gz"
LINES = 60_000
SEED = 2011
MIDNIGHT = datetime(2011, 9, 8, tzinfo=timezone(timedelta(hours=-7)))  # Thursday, in Portland
# How busy each hour of the day is, from midnight on: quiet at night, busy between the talks.
HOURS = (12, 8, 6, 5, 5, 8, 18, 40, 85, 120, 130, 115, 80, 105, 125, 120, 100, 75, 60, 58, 62, 55, 38, 22)
# What readers ask for, and how many in a hundred requests of theirs.
KINDS = {"talk": 58, "speaker": 12, "schedule": 11, "list": 9, "newsletter": 3, "rate": 3, "gone": 3, "no slash": 1}
GONE = ("/favicon.ico", "/wp-login.php", "/feed/", "/2010/schedule/", "/talks/untitled/", "/apple-touch-icon.png")
SITE = "https://conference.example"
BROWSERS = (
    "Mozilla/5.0 (Windows NT 6.1; rv:6.0) Gecko/20100101 Firefox/6.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:6.0) Gecko/20100101 Firefox/6.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_7_1) AppleWebKit/534.48.3 (KHTML, like Gecko) Version/5.1 Safari/534.48",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 4_3_5 like Mac OS X) AppleWebKit/533.17.9 (KHTML, like Gecko) Mobile/8L1",
    "Opera/9.80 (X11; Linux i686; U; en) Presto/2.9.168 Version/11.50",
)
CRAWLER = ("203.0.113.250", "TeapotBot/1.0 (+https://crawler.example/about)")
# What real logs hold too: lines cut off or melted together, callers that do not speak HTTP, another log's lines.
BROKEN = {
    "03:12:44": '192.0.2.17 - - [08/Sep/2011:03:12:44 -0700] "GET /talks/ HT',
    "07:55:02": '198.51.100.23 - - [08/Sep/2011:07:55:02 -0700] "\\x16\\x03\\x01\\x00\\xfc\\x01" 400 226 "-" "-"',
    "08:41:19": '192.0.2.88 - - [08/Sep/2011:08:41:19 -0700] "-" 408 - "-" "-"',
    "09:20:31": "[Thu Sep 08 09:20:31 2011] [error] server reached MaxClients setting, consider raising it",
    "10:02:13": '203.0.113.9 - - [08/Sep/2011:10:02:13 -0700] "GET /tal203.0.113.40 - - [08/Sep/2011:10:02:13 -0700]',
    "11:30:00": '198.51.100.77 - - [31/Sep/2011:11:30:00 -0700] "GET / HTTP/1.1" 200 9120 "-" "-"',
    "15:09:58": '192.0.2.140 - - [08/Sep/2011:15:09:58 -0700] "GET /speakers/ HTTP/1.1" two-hundred 512 "-" "-"',
}


def lines() -> list[str]:
    """The day's lines in combined format, in the order of time; those of `BROKEN` cannot be read."""
    random = Random(f"{SEED} access log")
    site = {
        "talk": _invented("talks", random),
        "speaker": _invented("speakers", random),
        "schedule": ["/", *(f"/?day={generator.FIRST_DAY + timedelta(days=day):%Y-%m-%d}" for day in range(30))],
        "list": ["/talks/", *(f"/talks/?page={number}" for number in range(2, 81))],
    }
    written = [(_seconds(clock), line) for clock, line in BROKEN.items()]
    written.extend(_crawler(site))
    written.extend(_readers(LINES - len(written), site, random))
    written.sort(key=lambda each: each[0])
    return [line for _, line in written]


def write(file: Path) -> None:
    """Write `lines` gzipped; the archive holds no name and no time of its own."""
    with open(file, "wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=9) as log:
        log.write("".join(f"{line}\n" for line in lines()).encode("ascii"))


def _invented(table, random):
    """The pages of a table, in a random order of fame. No traffic is invented for a real person or talk."""
    rows = generator.conference("large")[table]
    pages = [f"/{table}/{slug}/" for _, _, slug, *_, origin in rows if origin == generator.GENERATED]
    return sorted(pages, key=lambda page: random.random())


def _crawler(site):
    """Every page once, in the order of its address, between two and five in the morning."""
    pages = sorted(itertools.chain.from_iterable(site.values()))
    for number, page in enumerate(pages):
        seconds = _seconds("02:00:00") + number * 3 * 3600 // len(pages)
        yield seconds, _line(seconds, CRAWLER, "GET", page, 200)


def _readers(count, site, random):
    """Requests of 2,500 readers: independent of each other, but for the browser that keeps what it has seen."""
    # The weight 1 / (rank + 3) is close to Zipf's law, and needs divisions only: powers differ between C libraries.
    draw = {name: _chooser(site[name], [1 / (rank + 4) for rank in range(len(site[name]))]) for name in site}
    draw["list"] = _chooser(site["list"], [1 / ((rank + 1) * (rank + 1)) for rank in range(len(site["list"]))])
    # The first page without a day, then 6, 7 and 8 September, the last being today, then days nobody wonders about yet.
    draw["schedule"] = _chooser(site["schedule"], [120, 8, 12, 40] + [1] * 27)
    draw_hour, draw_kind = _chooser(range(24), HOURS), _chooser(list(KINDS), KINDS.values())
    readers = [(_address(random), _any(BROWSERS, random)) for _ in range(2_500)]
    seen = set()
    for _ in range(count):
        seconds = draw_hour(random) * 3600 + _below(3600, random)
        reader, kind = _any(readers, random), draw_kind(random)
        if kind in draw:
            page = draw[kind](random)
            kept = (reader, page) in seen and random.random() < 0.5
            seen.add((reader, page))
            yield seconds, _line(seconds, reader, "GET", page, 304 if kept else 200, f"{SITE}/talks/")
        elif kind == "gone":
            yield seconds, _line(seconds, reader, "GET", _any(GONE, random), 404)
        else:
            page = draw["talk"](random)
            if kind == "newsletter":
                page = f"{page}?from=newsletter-{_below(20_000, random)}"
                yield seconds, _line(seconds, reader, "GET", page, 200)
            elif kind == "rate":
                yield seconds, _line(seconds, reader, "POST", f"{page}rate/", 302, SITE + page)
            else:
                yield seconds, _line(seconds, reader, "GET", page.removesuffix("/"), 301)


def _line(seconds, reader, method, page, status, referrer="-"):
    address, agent = reader
    time = f"{MIDNIGHT + timedelta(seconds=seconds):%d/Sep/%Y:%H:%M:%S %z}"
    # The same page always weighs the same, 6 to 30 kB by its name; an answer without a body is logged as "-".
    size = {200: 6_000 + zlib.crc32(page.encode()) % 24_000, 404: 1_245}.get(status, "-")
    return f'{address} - - [{time}] "{method} {page} HTTP/1.1" {status} {size} "{referrer}" "{agent}"'


def _seconds(clock):
    hours, minutes, seconds = map(int, clock.split(":"))
    return hours * 3600 + minutes * 60 + seconds


def _address(random):
    """An address in one of the three networks that RFC 5737 keeps for documentation: they belong to nobody."""
    return f"{_any(('192.0.2', '198.51.100', '203.0.113'), random)}.{1 + _below(249, random)}"


def _chooser(items, weights):
    limits = list(itertools.accumulate(weights))
    return lambda random: items[bisect.bisect(limits, random.random() * limits[-1])]


def _any(items, random):
    return items[_below(len(items), random)]


def _below(limit, random):
    return int(random.random() * limit)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FILE)
