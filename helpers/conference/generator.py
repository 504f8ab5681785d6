"""The conference made from a seed, in three sizes: the rows that the notes name, and invented ones around them.

Only `random.Random(...).random()` is drawn on, the one method whose sequence Python promises to keep for a seed.
"""

import bisect
import itertools
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from random import Random

from helpers.conference import named, words

SEED = 2011
Size = namedtuple("Size", "rooms speakers days talks attendees ratings")
SIZES = {
    "small": Size(rooms=5, speakers=60, days=3, talks=40, attendees=300, ratings=2_000),
    "medium": Size(rooms=10, speakers=600, days=6, talks=400, attendees=3_000, ratings=30_000),
    "large": Size(rooms=30, speakers=6_000, days=20, talks=4_000, attendees=30_000, ratings=300_000),
}
FIRST_DAY = datetime(2011, 9, 6, tzinfo=UTC)
DAY_OF_THE_NOTES = 2  # the talks the notes report on were given on Thursday 8 September 2011
REAL, GENERATED = "real", "generated"


def conference(size: str) -> dict[str, list[tuple]]:
    """All tables of the conference of this `size` (a key of `SIZES`): name → tuples in the order of `tables.COLUMNS`.

    The same size gives the same rows, on every machine and every version of Python.
    """
    wanted = SIZES[size]
    names = _names(wanted)
    rooms = _rooms(wanted)
    speakers, profiles = _speakers(wanted, names[: wanted.speakers], Random(f"{SEED} speakers"))
    talks = _talks(wanted, Random(f"{SEED} talks"))
    speaking = _speaking(speakers, talks, Random(f"{SEED} speaking"))
    attendees = _attendees(wanted, names[wanted.speakers :], Random(f"{SEED} attendees"))
    ratings = _ratings(wanted, talks, Random(f"{SEED} ratings"))
    return {
        "rooms": rooms,
        "speakers": speakers,
        "profiles": profiles,
        "talks": talks,
        "speaking": speaking,
        "attendees": attendees,
        "ratings": ratings,
    }


def check_size(size: str) -> None:
    """Raises ValueError unless the conference comes in this `size`."""
    if size not in SIZES:
        raise ValueError(
            f"There is no conference of size {size!r}: it comes in {', '.join(SIZES)}; choose one of these."
        )


def slug(text: str) -> str:
    """`text` in lower-case ASCII letters, digits and single hyphens."""
    kept = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in text.lower().replace("'", ""))
    return "-".join(kept.split())


def _rooms(wanted):
    pairs = [(begin, end) for end in words.ROOM_ENDINGS for begin in words.ROOM_BEGINNINGS][: wanted.rooms]
    return [
        (number, f"{begin} {end}", slug(f"{begin} {end}"), max(30, 420 - 80 * (number - 1)), GENERATED)
        for number, (begin, end) in enumerate(pairs, start=1)
    ]


def _names(wanted):
    everyone = itertools.product(words.FIRST_NAMES, words.SURNAME_BEGINNINGS, words.SURNAME_ENDINGS)
    count = wanted.speakers + wanted.attendees
    return [f"{first} {a}{b}" for first, a, b in _sample(list(everyone), count, Random(f"{SEED} names"))]


def _speakers(wanted, names, random):
    speakers, profiles = [], []
    for number, (name, bio) in enumerate(named.SPEAKERS.items(), start=1):
        speakers.append((number, name, slug(name), bio, REAL))
        if name in named.COMPANIES:
            profiles.append((number, named.COMPANIES[name], "", None, REAL))
    for number, name in enumerate(names[len(speakers) :], start=len(speakers) + 1):
        trade, subject = _choose(words.TRADES, random), _choose(words.SUBJECTS, random)
        bio = f"An invented {trade} with opinions about {subject}."
        speakers.append((number, name, slug(name), bio, GENERATED))
        if random.random() < 0.7:
            website = f"https://{slug(name)}.example/" if random.random() < 0.6 else ""
            years = _below(6, random)  # Django was six years old in 2011
            profiles.append((number, _choose(words.COMPANIES, random), website, years, GENERATED))
    return speakers, profiles


def _talks(wanted, random):
    """The timetable: 09:00 is the keynote's hour in the first room, 10:00 to 16:00 are for the others."""
    hours = [
        (day, hour, room) for day in range(wanted.days) for hour in range(10, 17) for room in range(1, wanted.rooms + 1)
    ]
    keynotes = [(day, 9, 1) for day in range(wanted.days)]
    keynote_of_the_notes = keynotes.pop(DAY_OF_THE_NOTES)
    day_of_the_notes = _shuffled([slot for slot in hours if slot[0] == DAY_OF_THE_NOTES], random)
    placed = []
    for title, kind, _, abstract in named.TALKS:
        if title.startswith("Keynote by"):
            slot = keynotes.pop(0)
        else:
            slot = keynote_of_the_notes if kind == "keynote" else day_of_the_notes.pop()
        placed.append((title, abstract, kind, slot, 60 if kind == "keynote" else 45, REAL))
    taken = {slot for *_, slot, _, _ in placed}
    free = _shuffled([slot for slot in hours if slot not in taken], random)
    patterns = list(itertools.product(words.TITLE_BEGINNINGS, words.SUBJECTS, words.TITLE_ENDINGS))
    for begin, subject, end in _sample(patterns, wanted.talks - len(placed), random):
        kind, minutes = ("keynote", 60) if keynotes else _kind(random)
        slot = keynotes.pop(0) if keynotes else free.pop()
        what = "lightning talk" if kind == "lightning" else kind
        abstract = f"An invented {what} on {subject}: what went wrong, what was measured, and what to do {end}."
        placed.append((f"{begin} {subject} {end}", abstract, kind, slot, minutes, GENERATED))
    return [
        (number, title, slug(title), abstract, kind, room, FIRST_DAY + timedelta(days=day, hours=hour), minutes, origin)
        for number, (title, abstract, kind, (day, hour, room), minutes, origin) in enumerate(placed, start=1)
    ]


def _kind(random):
    drawn = random.random()
    if drawn < 0.70:
        return "talk", _choose((30, 45), random)
    if drawn < 0.80:
        return "tutorial", 60
    return ("panel", 60) if drawn < 0.88 else ("lightning", 10)


def _speaking(speakers, talks, random):
    """Who speaks where: nobody in two rooms at once, real people only in the talks that the notes give them."""
    number_of = {name: number for number, name, *_ in speakers}
    real = {title: names for title, _, names, _ in named.TALKS}
    invented = [number for number, *_, origin in speakers if origin == GENERATED]
    busy, rows = set(), []
    for talk, title, _, _, kind, _, starts_at, _, origin in talks:
        if origin == REAL:
            chosen = [number_of[name] for name in real[title]]
        else:
            chosen = []
            wanted = 3 + _below(2, random) if kind == "panel" else 1 + (random.random() < 0.25)
            while len(chosen) < wanted:
                speaker = _choose(invented, random)
                if (speaker, starts_at) not in busy:
                    busy.add((speaker, starts_at))
                    chosen.append(speaker)
        rows.extend((talk, speaker, order, origin) for order, speaker in enumerate(chosen, start=1))
    return rows


def _attendees(wanted, names, random):
    opening = datetime(2011, 5, 1, tzinfo=UTC)
    seconds = int((FIRST_DAY - opening).total_seconds())
    return [
        (number, name, f"{slug(name)}@mail.example", opening + timedelta(seconds=_below(seconds, random)), GENERATED)
        for number, name in enumerate(names, start=1)
    ]


def _ratings(wanted, talks, random):
    """Ratings of invented talks only: no opinion is invented about a real person's work.

    A few talks are loved by many: the talk of rank r = 1, 2, … is drawn with weight 1 / (r + 3), and one in thirty is
    never rated. Stars scatter around each talk's own quality. Ratings arrive within three days, most of them soon, and
    are numbered in that order.
    """
    rated = [row for row in _shuffled(talks, random) if row[-1] == GENERATED and random.random() >= 1 / 30]
    quality = [2.2 + 2.6 * random.random() for _ in rated]
    weights = list(itertools.accumulate(1 / (rank + 4) for rank in range(len(rated))))
    seen, drawn = set(), []
    while len(drawn) < wanted.ratings:
        place = bisect.bisect(weights, random.random() * weights[-1])
        talk, _, _, _, _, _, starts_at, minutes, _ = rated[place]
        attendee = 1 + _below(wanted.attendees, random)
        if (talk, attendee) in seen:
            continue
        seen.add((talk, attendee))
        scatter = random.random() + random.random() + random.random() - 1.5
        stars = min(5, max(1, round(quality[place] + 1.6 * scatter)))
        late = random.random()  # cubed by hand: powers of floats differ between C libraries in the last bit
        created = starts_at + timedelta(minutes=minutes, seconds=int(late * late * late * 3 * 86_400))
        drawn.append((created, talk, attendee, stars))
    drawn.sort()
    return [
        (number, talk, attendee, stars, created, GENERATED)
        for number, (created, talk, attendee, stars) in enumerate(drawn, start=1)
    ]


def _below(limit, random):
    return int(random.random() * limit)


def _choose(items, random):
    return items[_below(len(items), random)]


def _sample(items, count, random):
    """`count` of `items`, each at most once: Fisher and Yates's shuffle (1938), stopped early. Reorders `items`."""
    for place in range(count):
        other = place + _below(len(items) - place, random)
        items[place], items[other] = items[other], items[place]
    return items[:count]


def _shuffled(items, random):
    return _sample(list(items), len(items), random)
