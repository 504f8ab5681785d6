"""The last exercise of lesson 13, in a library: whose layer answered with an error."""

from helpers.exercises.base import Exercise, mistake, solution
from helpers.exercises.grading import expect_call

LESSON = "13-the-standard-stack"


class WhomToCall(Exercise):
    """Whom to call: "Django", "nginx" or "nobody": whose layer answered a reader's request with an error.

    `status` is what the reader saw; the other two say, True or False, whether that log gained
    a line. Below 400: "nobody". A line of Django's: "Django". No line in either: "Django" too,
    if the status is 500 (its LOGGING is not set), else "nginx".
    """

    id = "stack-6-library"
    name = "whom_to_call"

    def stub(status, nginx_error, django_log): ...

    hints = (
        "Ask in the order of the task: below 400 first, whatever the logs say; then django_log.",
        'What is left: a line of nginx\'s is "nginx"; without one, only 500 is "Django".',
    )

    def check(attempt):
        for status, nginx_error, django_log, expected, nudge in (
            (200, False, False, "nobody", "There was no error."),
            (302, False, True, "nobody", "Below 400 nobody is called, whatever a log says."),
            (200, True, False, "nobody", "Below 400 nobody is called, whatever a log says."),
            (404, False, True, "Django", "Its log tells of it."),
            (404, True, False, "nginx", "A 404 may be nginx's: a file that is not there."),
            (500, False, True, "Django", "Its log tells of it."),
            (500, False, False, "Django", "An error 500 without a line in any log: LOGGING is not set."),
            (500, True, False, "nginx", "nginx has a line, so it could not even ask (a loop in its rules)."),
            (502, True, False, "nginx", "Nothing listened where nginx knocked."),
            (504, True, False, "nginx", "Django never gave this answer."),
            (504, True, True, "Django", "A line of Django's comes first: it tells why it was slow."),
            (413, False, False, "nginx", "No line at all, and not 500: the log level of nginx is too high."),
            (400, False, True, "Django", "The host is not in ALLOWED_HOSTS."),
        ):
            expect_call(attempt, status, nginx_error, django_log, expected=expected, nudge=nudge)
        return "right in thirteen cases, also where no log says anything"

    @solution
    def in_the_order_of_the_task(status, nginx_error, django_log):
        if status < 400:
            return "nobody"
        if django_log or (status == 500 and not nginx_error):
            return "Django"
        return "nginx"

    @mistake("whatever a log says")
    def by_logs_alone(status, nginx_error, django_log):
        return "Django" if django_log else "nginx" if nginx_error else "nobody"

    @mistake("a file that is not there")
    def by_status_alone(status, nginx_error, django_log):
        return "nobody" if status < 400 else "nginx" if status in (413, 502, 504) else "Django"

    @mistake("LOGGING is not set")
    def silence_is_nginx(status, nginx_error, django_log):
        return "nobody" if status < 400 else "Django" if django_log else "nginx"

    @mistake("could not even ask")
    def every_500_is_django(status, nginx_error, django_log):
        return "nobody" if status < 400 else "Django" if django_log or status == 500 else "nginx"

    @mistake("it tells why it was slow")
    def nginx_first(status, nginx_error, django_log):
        if status < 400:
            return "nobody"
        return "nginx" if nginx_error else "Django" if django_log or status == 500 else "nginx"
