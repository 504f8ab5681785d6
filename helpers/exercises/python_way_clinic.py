"""The clinic at the end of lesson 17: three patients from the whole workshop, the letters of their causes."""

from helpers.exercises.base import Exercise, mistake, solution
from helpers.exercises.grading import expect_letter

LESSON = "17-python-all-the-way"


class One(Exercise):
    """Patient one: the letter of the cause."""

    id = "python-way-clinic-one"
    kind = "value"
    hints = (
        "Two queries are for the talks and the prefetch; the others come one for each talk, out of the loop.",
        "What does .filter() on a related manager know of the rows that were fetched before?",
    )

    def check(attempt):
        expect_letter(
            attempt,
            "b",
            {
                "a": "len takes the rows that are there; count() would be a query of its own, and there is none.",
                "c": "A wrong name is an AttributeError before the first row.",
                "d": "An index makes a query quicker, and never fewer of them.",
            },
        )
        return "the filter asks anew, for each talk"

    @solution
    def the_filter():
        return "b"

    @mistake("never fewer")
    def an_index():
        return "d"

    @mistake("as text")
    def the_number_of_queries():
        return 42


class Two(Exercise):
    """Patient two: the letter of the cause."""

    id = "python-way-clinic-two"
    kind = "value"
    hints = (
        "The row is not there, and the mail is. Which of the two can be taken back?",
        "When does a transaction know that it will not be rolled back?",
    )

    def check(attempt):
        expect_letter(
            attempt,
            "d",
            {
                "a": "There is one mail, and one is too many.",
                "b": "In no database is there a row more: it was rolled back.",
                "c": "No signal is in it: the mail is sent by the line below save().",
            },
        )
        return "the mail went before the commit, which never came"

    @solution
    def too_early():
        return "d"

    @mistake("it was rolled back")
    def elsewhere():
        return "b"

    @mistake("as text")
    def nothing():
        return None


class Three(Exercise):
    """Patient three: the letter of the cause."""

    id = "python-way-clinic-three"
    kind = "value"
    hints = (
        "A restart heals it. What is done once in the life of a process?",
        "When does Python run the lines of a class body?",
    )

    def check(attempt):
        expect_letter(
            attempt,
            "c",
            {
                "a": "The form was asked here without any page: two forms in one process, both old.",
                "b": "Nobody has sent the form yet: it does not even offer the room.",
                "d": "The same connection counts the room, one line later.",
            },
        )
        return "the choices are those of the process's first minute"

    @solution
    def in_the_class_body():
        return "c"

    @mistake("without any page")
    def a_cache():
        return "a"

    @mistake("as text")
    def a_word():
        return "cache"
