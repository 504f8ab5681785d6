"""The exercises of lesson 10 that need no cache: a key for anything, and a strategy from a measured frame."""

import re

import pandas as pd

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described, expect_call

LESSON = "10-caching-patterns"


class Key(Exercise):
    """A memcached key of these texts: legal for any texts, and no two lists share a key.

    At most 240 bytes, letters, digits and punctuation only, the same in every process.
    """

    id = "patterns-key"
    name = "make_key"

    def stub(*parts): ...

    hints = (
        "A separator separates only if no part can hold it: what does quote(part, safe='') make of a colon?",
        "What is too long after quoting becomes its sha256 in hexadecimal, behind a sign that quote never leaves.",
    )

    def check(attempt):
        name = attempt.__name__
        odd = (("the orm",), ("the\norm", "\x00"), ("ü" * 200,), ("日本", "x" * 300), ("x" * 245,))
        for texts in (("talk", "1"), *odd):
            shown = ", ".join(described(each) for each in texts)
            key = call(attempt, *texts, shown=shown)
            if not isinstance(key, str):
                raise Incorrect(f"{name}({shown}): a text is expected, got {described(key)}.")
            if len(key.encode()) > 240:
                raise Incorrect(
                    f"{name}({shown}) is {len(key.encode())} bytes long: 240 are allowed, and a part of any length."
                )
            if not re.fullmatch(r"[!-~]*", key):
                raise Incorrect(
                    f"{name}({shown}): {described(key)} holds a space, a control character or a letter of more than "
                    "one byte. memcached ends a key there, or Django refuses it: quote the parts."
                )
        if "hash" in getattr(getattr(attempt, "__code__", None), "co_names", ()):
            raise Incorrect(
                f"{name} uses hash(), which gives a text another number in every process: two workers would never "
                "find each other's values. hashlib gives the same everywhere."
            )
        for first, second, advice in _pairs():
            keys = [call(attempt, *texts, shown="…") for texts in (first, second)]
            if keys[0] == keys[1]:
                one, other = (", ".join(described(each) for each in texts) for texts in (first, second))
                raise Incorrect(f"{name}({one}) and {name}({other}) share a key. {advice}")
        if call(attempt, "talk", "1") != call(attempt, "talk", "1"):
            raise Incorrect(f"{name}('talk', '1') gave two different keys: it has to be the same every time.")
        return "legal for spaces, line ends and any length, and nothing clashes"

    @solution
    def quoted_or_hashed(*parts):
        from hashlib import sha256
        from urllib.parse import quote

        key = ":".join(quote(part, safe="") for part in parts)
        return key if len(key) <= 240 else "#" + sha256(key.encode()).hexdigest()

    @solution
    def always_hashed(*parts):
        from hashlib import sha256

        return sha256(repr(parts).encode()).hexdigest()

    @mistake("quote the parts")
    def only_joined(*parts):
        return ":".join(parts)

    @mistake("240 are allowed")
    def only_quoted(*parts):
        from urllib.parse import quote

        return ":".join(quote(part, safe="") for part in parts)

    @mistake("A part may hold the separator")
    def hashed_after_joining(*parts):
        from hashlib import sha256

        return sha256(":".join(parts).encode()).hexdigest()

    @mistake("A part may hold the separator")
    def joined_by_two_colons(*parts):
        from hashlib import sha256

        return sha256("::".join(parts).encode()).hexdigest()

    @mistake("245 bytes long: 240 are allowed")
    def up_to_250(*parts):
        from hashlib import sha256
        from urllib.parse import quote

        key = ":".join(quote(part, safe="") for part in parts)
        return key if len(key) <= 250 else "#" + sha256(key.encode()).hexdigest()

    @mistake("hash what keeps the parts apart")
    def a_hash_of_the_glued_parts(*parts):
        from hashlib import sha256
        from urllib.parse import quote

        key = ":".join(quote(part, safe="") for part in parts)
        return f"{key[:170]}#{sha256(''.join(parts).encode()).hexdigest()}"

    @mistake("Nothing separates the parts")
    def hashed_without_a_separator(*parts):
        from hashlib import sha256

        return sha256("".join(parts).encode()).hexdigest()

    @mistake("cut off")
    def cut_off(*parts):
        from urllib.parse import quote

        return ":".join(quote(part, safe="") for part in parts)[:240]

    @mistake("another number in every process")
    def python_own_hash(*parts):
        return str(hash(parts))


def _pairs():
    yield ("ab", "c"), ("a", "bc"), "Nothing separates the parts."
    advice = "A part may hold the separator: quote each part before joining."
    for sign in map(chr, range(128)):
        for separator in (sign, 2 * sign, f"{sign} ", f" {sign} "):
            yield (f"a{separator}b", "c"), ("a", f"b{separator}c"), advice
    yield ("a", ""), ("a",), "An empty text is a part, too."
    yield ("a%3Ab",), ("a:b",), "A text that looks quoted is another text than the one it stands for."
    yield ("a b",), ("a_b",), "What stands for a space may stand in a text as well."
    yield ("x" * 300 + "1",), ("x" * 300 + "2",), "What was cut off made the difference: put a hash of the whole in."
    yield (
        ("x" * 300 + "a", "b"),
        ("x" * 300, "ab"),
        "Long texts clash: hash what keeps the parts apart.",
    )


class Strategy(Exercise):
    """The `setup` with the fewest database_reads among those that are fresh enough.

    Fresh enough: stale_share of at most `stale_allowed`, at this write_share; None if none is.
    """

    id = "patterns-strategy"
    name = "choose_strategy"

    def stub(frame, write_share, stale_allowed): ...

    hints = (
        "Two conditions for a row, then the smallest database_reads among the rows that are left.",
        'good.loc[good.database_reads.idxmin(), "setup"] names it; `good` may be empty.',
    )

    def check(attempt):
        frame = pd.DataFrame(
            {
                "setup": ["replace", "delete", "TTL"] * 2,
                "write_share": [0.2] * 3 + [0.01] * 3,
                "hit_rate": [0.99, 0.8, 0.995, 0.999, 0.995, 0.9],
                "stale_share": [0.02, 0.0, 0.3, 0.01, 0.0, 0.02],
                "database_reads": [1.0, 20.0, 0.5, 1.0, 0.5, 10.0],
            },
            index=[7, 3, 9, 4, 8, 1],
        )

        def nudge(got):
            if got is not None and not isinstance(got, str):
                return "The name of one strategy is wanted: a value of the column `setup`."
            if got == "TTL":
                return "Only a strategy that is fresh enough counts: this one serves more stale reads than allowed."
            return "Only the rows of this write_share count; of those, the fewest database_reads."

        for write_share, allowed, expected, words in (
            (0.2, 0.05, "replace", nudge),
            (0.2, 0.0, "delete", nudge),
            (0.2, 0.02, "replace", "A stale share of exactly what is allowed is fresh enough: use <=."),
            (0.01, 0.05, "delete", nudge),
            (0.5, 0.1, None, "This frame has no row for that write share: return None."),
        ):
            shown = f"frame, {write_share}, {allowed}"
            expect_call(attempt, frame, write_share, allowed, expected=expected, shown=shown, nudge=words)
        return "the cheapest that is fresh enough, or None"

    @solution
    def cheapest_fresh_enough(frame, write_share, stale_allowed):
        good = frame[(frame.write_share == write_share) & (frame.stale_share <= stale_allowed)]
        return None if good.empty else good.loc[good.database_reads.idxmin(), "setup"]

    @mistake("fresh enough counts")
    def staleness_forgotten(frame, write_share, stale_allowed):
        good = frame[frame.write_share == write_share]
        return None if good.empty else good.loc[good.database_reads.idxmin(), "setup"]

    @mistake("use <=")
    def below_what_is_allowed(frame, write_share, stale_allowed):
        good = frame[(frame.write_share == write_share) & (frame.stale_share < max(stale_allowed, 1e-9))]
        return None if good.empty else good.loc[good.database_reads.idxmin(), "setup"]

    @mistake("Only the rows of this write_share")
    def any_write_share(frame, write_share, stale_allowed):
        good = frame[frame.stale_share <= stale_allowed]
        return None if good.empty else good.loc[good.database_reads.idxmin(), "setup"]

    @mistake("fewest database_reads")
    def the_freshest(frame, write_share, stale_allowed):
        good = frame[(frame.write_share == write_share) & (frame.stale_share <= stale_allowed)]
        return None if good.empty else good.loc[good.stale_share.idxmin(), "setup"]

    @mistake("fewest database_reads")
    def the_highest_hit_rate(frame, write_share, stale_allowed):
        good = frame[(frame.write_share == write_share) & (frame.stale_share <= stale_allowed)]
        return None if good.empty else good.loc[good.hit_rate.idxmax(), "setup"]

    @mistake("a value of the column")
    def the_whole_row(frame, write_share, stale_allowed):
        good = frame[(frame.write_share == write_share) & (frame.stale_share <= stale_allowed)]
        return None if good.empty else good.loc[good.database_reads.idxmin()]

    @mistake("return None")
    def always_some_strategy(frame, write_share, stale_allowed):
        good = frame[(frame.write_share == write_share) & (frame.stale_share <= stale_allowed)]
        return "delete" if good.empty else good.loc[good.database_reads.idxmin(), "setup"]
