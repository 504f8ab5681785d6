"""The exercises of lesson 17's deeper part: addresses that bounced for good, and nights that a library has missed."""

from datetime import datetime, timedelta

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described

LESSON = "17-python-all-the-way"
_BOUNCE = """\
From: MAILER-DAEMON@relay.test
To: bounces@example.test
Subject: Undelivered mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="part"

--part
Content-Type: text/plain

Status: 5.1.1 is what we say to {first}.
--part
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.test

{blocks}
--part--
"""


def _bounce(*blocks):
    told = [f"Final-Recipient: rfc822; {to}\nAction: {action}\nStatus: {status}\n" for to, action, status in blocks]
    return _BOUNCE.format(first=blocks[0][0], blocks="\n".join(told)).encode()


class Bounces(Exercise):
    """The addresses that failed for good, from the bytes of a bounce: small letters, sorted, each once.

    For good means: Action is failed and Status begins with 5. A mail that is no bounce has none.
    """

    id = "python-way-4-bounces"
    name = "dead"

    def stub(raw): ...

    hints = (
        "email.message_from_bytes(raw, policy=email.policy.default).walk() gives every part, at every depth.",
        "The payload of a part of the type message/delivery-status is a list of messages, one for each block.",
        'Final-Recipient is "rfc822; ada@example.test": what stands behind the semicolon, without spaces.',
    )

    def check(attempt):
        plain = (
            b"From: ada@a.test\nSubject: hello\n\nFinal-Recipient: rfc822; bob@b.test\nAction: failed\nStatus: 5.1.1\n"
        )
        for raw, expected, what, nudge in (
            (_bounce(("bob@b.test", "failed", "5.1.1")), ["bob@b.test"], "one address that failed", ""),
            (
                _bounce(("ada@a.test", "delayed", "4.4.1"), ("bob@b.test", "failed", "4.2.2")),
                [],
                "one that is delayed and one with status 4.2.2",
                "A full mailbox or a slow line is not for good.",
            ),
            (
                _bounce(("eve@e.test", "relayed", "5.0.0"), ("bob@b.test", "failed", "5.1.1")),
                ["bob@b.test"],
                "one that was relayed and one that failed",
                "Both have to hold: Action and Status.",
            ),
            (
                _bounce(
                    ("Bob@B.test", "failed", "5.1.1"),
                    ("ada@a.test", "Failed", "5.7.1"),
                    ("bob@b.test", "failed", "5.1.1"),
                ),
                ["ada@a.test", "bob@b.test"],
                "three blocks, two of them for Bob",
                "Small letters, sorted, each once; Failed is written as the server likes.",
            ),
            (
                plain,
                [],
                "a letter that quotes a bounce in its text",
                "Only a part of the type message/delivery-status counts.",
            ),
        ):
            got = call(attempt, raw, shown=f"the mail with {what}")
            if not isinstance(got, list) or got != expected:
                raise Incorrect(
                    f"dead(the mail with {what}): expected {expected}, got {described(got)}. {nudge}".rstrip()
                )
        return "five mails read, one of them no bounce"

    @solution
    def part_by_part(raw):
        import email
        import email.policy

        found = set()
        for part in email.message_from_bytes(raw, policy=email.policy.default).walk():
            if part.get_content_type() == "message/delivery-status":
                for block in part.get_payload():
                    action, status = block.get("Action", ""), block.get("Status", "")
                    if action.lower() == "failed" and status.startswith("5"):
                        found.add(block["Final-Recipient"].partition(";")[2].strip().lower())
        return sorted(found)

    @mistake("quotes a bounce in its text")
    def by_search(raw):
        import re

        blocks = re.findall(r"Final-Recipient: rfc822; (\S+)\nAction: failed\nStatus: 5", raw.decode(), re.IGNORECASE)
        return sorted({each.lower() for each in blocks})

    @mistake("not for good")
    def whatever_failed(raw):
        return _read(raw, lambda action, status: action.lower() == "failed")

    @mistake("Both have to hold")
    def by_status_alone(raw):
        return _read(raw, lambda action, status: status.startswith("5"))

    @mistake("as the server likes")
    def small_letters_only(raw):
        return _read(raw, lambda action, status: action == "failed" and status.startswith("5"))

    @mistake("expected ['bob@b.test'], got ['rfc822; bob@b.test']")
    def whole_header(raw):
        return _read(raw, lambda action, status: action.lower() == "failed" and status[0] == "5", whole=True)

    @mistake("each once")
    def as_it_comes(raw):
        return _read(raw, lambda action, status: action.lower() == "failed" and status[0] == "5", once=False)


def _read(raw, wanted, whole=False, once=True):
    import email
    import email.policy

    found = []
    for part in email.message_from_bytes(raw, policy=email.policy.default).walk():
        if part.get_content_type() == "message/delivery-status":
            for block in part.get_payload():
                if wanted(block.get("Action", ""), block.get("Status", " ")):
                    to = block["Final-Recipient"]
                    found.append(to if whole else to.partition(";")[2].strip().lower())
    return sorted(set(found)) if once else found


class Library(Exercise):
    """The moments at which the library's reminders were due after `last_run`, up to and with `now`.

    They are due once a day at `hour`:00. A list of datetimes, oldest first.
    """

    id = "python-way-5-library"
    name = "missed_nights"

    def stub(last_run, now, hour=2): ...

    hints = (
        "The first candidate is on that day: last_run.replace(hour=hour, minute=0, second=0, microsecond=0).",
        "If it is not after last_run, add a day; then add days as long as it is not after now.",
    )

    def check(attempt):
        for last_run, now, hour, nudge in (
            (datetime(2026, 3, 2, 2, 0, 5), datetime(2026, 3, 5, 9), 2, ""),
            (
                datetime(2026, 3, 2, 1, 30),
                datetime(2026, 3, 2, 9),
                2,
                "The first may be on the day of last_run itself.",
            ),
            (datetime(2026, 3, 2, 2), datetime(2026, 3, 3, 2), 2, "A run at last_run is done; one at `now` is due."),
            (datetime(2026, 3, 2, 9), datetime(2026, 3, 2, 23), 2, "Between these two no night has passed."),
            (datetime(2026, 2, 27, 22, 15), datetime(2026, 3, 1, 23), 23, "The hour is an argument."),
        ):
            first = last_run.replace(hour=hour, minute=0, second=0, microsecond=0)
            days = [first + timedelta(days=number) for number in range(9)]
            expected = [each for each in days if last_run < each <= now]
            words = f"missed_nights({_short(last_run)}, {_short(now)}, {hour})"
            got = call(attempt, last_run, now, hour, shown=words.partition("(")[2].rstrip(")"))
            if not isinstance(got, list) or got != expected:
                told = [_short(each) for each in got] if isinstance(got, list) else described(got)
                raise Incorrect(
                    f"{words}: expected {[_short(each) for each in expected]}, got {told}. {nudge}".rstrip()
                )
        return "five absences, one of them without a night; coalesced, each is one run"

    @solution
    def day_by_day(last_run, now, hour=2):
        from datetime import timedelta

        due, nights = last_run.replace(hour=hour, minute=0, second=0, microsecond=0), []
        while due <= now:
            if due > last_run:
                nights.append(due)
            due += timedelta(days=1)
        return nights

    @mistake("on the day of last_run itself")
    def from_the_next_day(last_run, now, hour=2):
        due, nights = last_run.replace(hour=hour, minute=0, second=0, microsecond=0) + timedelta(days=1), []
        while due <= now:
            nights.append(due)
            due += timedelta(days=1)
        return nights

    @mistake("got ['2 March 02:00:05'")
    def every_24_hours(last_run, now, hour=2):
        due, nights = last_run, []
        while due <= now:
            nights.append(due)
            due += timedelta(days=1)
        return nights

    @mistake("one at `now` is due")
    def before_now(last_run, now, hour=2):
        first = last_run.replace(hour=hour, minute=0, second=0, microsecond=0)
        return [each for each in (first + timedelta(days=day) for day in range(9)) if last_run < each < now]

    @mistake("A run at last_run is done")
    def done_again(last_run, now, hour=2):
        first = last_run.replace(hour=hour, minute=0, second=0, microsecond=0)
        return [each for each in (first + timedelta(days=day) for day in range(9)) if last_run <= each <= now]

    @mistake("got 3")
    def how_many(last_run, now, hour=2):
        return (now - last_run).days + (now.time() > last_run.time()) - 1

    @mistake("The hour is an argument")
    def always_at_two(last_run, now, hour=2):
        first = last_run.replace(hour=2, minute=0, second=0, microsecond=0)
        return [each for each in (first + timedelta(days=day) for day in range(9)) if last_run < each <= now]


def _short(moment):
    if not isinstance(moment, datetime):
        return described(moment)
    return f"{moment.day} {moment:%B %H:%M}" + (f":{moment.second:02}" if moment.second else "")
