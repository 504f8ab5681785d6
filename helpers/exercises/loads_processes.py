"""An exercise of lesson 14: reading a law of scaling, how many processes are worth what they cost."""

import numbers

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.grading import call, described

LESSON = "14-higher-loads"


class WorthIt(Exercise):
    """How many processes are worth it, from 1 to `at_most`: each adds at least `gain_per_s`.

    `law.per_s(n)` are the requests a second of n processes. There is always one.
    """

    id = "loads-5-processes"
    name = "worth_it"

    def stub(law, gain_per_s, at_most): ...

    hints = (
        "What process n + 1 adds is law.per_s(n + 1) - law.per_s(n): not the whole, and not the mean.",
        "Begin with n = 1 and go on while n < at_most and the next one adds at least gain_per_s; return n.",
    )

    def check(attempt):
        from helpers.scaling import Law

        row, pairs, alone = Law(10, 0.25), Law(10, 0.1, 0.05), Law(10, 0.0)
        shared = "a quarter is shared: 10, 16, 20, 22.9, 25 a second"
        talking = "with crosstalk: 10, 16.7, 20, 21.1, 20.8 a second"
        free = "nothing is shared: 10, 20, 30 a second"
        for words, law, gain, most, expected, nudge in (
            (shared, row, 3, 16, 3, "The 4th adds 2.9, less than 3."),
            (shared, row, 4, 16, 3, "The 3rd adds 4: at least 4 is also 4."),
            (shared, row, 0.5, 4, 4, "There is room for at_most."),
            (shared, row, 7, 16, 1, "Not even the 2nd adds 7."),
            (shared, row, 20, 16, 1, "One is always there, whatever it does."),
            (talking, pairs, 0, 16, 4, "The 5th takes something away."),
            (talking, pairs, 2, 16, 3, "The 4th adds 1.1, less than 2."),
            (free, alone, 10, 5, 5, "Each adds 10."),
            (free, alone, 1, 1, 1, "There is room for at_most."),
        ):
            shown = f"law, {gain}, {most}"
            got = call(attempt, law, gain, most, shown=shown)
            if isinstance(got, bool) or not isinstance(got, numbers.Integral):
                raise Incorrect(f"worth_it({shown}): a whole number of processes is expected, got {described(got)}.")
            if got != expected:
                raise Incorrect(f"worth_it({shown}), {words}: expected {expected}, got {described(got)}. {nudge}")
        return "nine readings of three laws: a shared row, crosstalk, and nothing shared"

    @solution
    def one_after_the_other(law, gain_per_s, at_most):
        count = 1
        while count < at_most and law.per_s(count + 1) - law.per_s(count) >= gain_per_s:
            count += 1
        return count

    @solution
    def the_first_that_is_not(law, gain_per_s, at_most):
        for count in range(1, at_most):
            if law.per_s(count + 1) - law.per_s(count) < gain_per_s:
                return count
        return at_most

    @mistake("at least 4 is also 4")
    def more_than(law, gain_per_s, at_most):
        count = 1
        while count < at_most and law.per_s(count + 1) - law.per_s(count) > gain_per_s:
            count += 1
        return count

    @mistake("The 4th adds 2.9")
    def one_too_many(law, gain_per_s, at_most):
        count = 1
        while count < at_most and law.per_s(count) - law.per_s(count - 1) >= gain_per_s:
            count += 1
        return count

    @mistake("The 4th adds 2.9")
    def the_mean(law, gain_per_s, at_most):
        return max([n for n in range(1, at_most + 1) if law.per_s(n) / n >= gain_per_s], default=1)

    @mistake("The 4th adds 2.9")
    def more_than_one_alone(law, gain_per_s, at_most):
        count = 1
        while count < at_most and law.per_s(count + 1) - law.per_s(1) >= gain_per_s:
            count += 1
        return count

    @mistake("There is room for at_most")
    def without_an_end(law, gain_per_s, at_most):
        count = 1
        while count < 100 and law.per_s(count + 1) - law.per_s(count) >= gain_per_s:
            count += 1
        return count

    @mistake("The 4th adds 2.9")
    def the_highest(law, gain_per_s, at_most):
        return max(range(1, at_most + 1), key=law.per_s)

    @mistake("One is always there")
    def the_first_has_to_earn_it(law, gain_per_s, at_most):
        count = 0
        while count < at_most and law.per_s(count + 1) - law.per_s(count) >= gain_per_s:
            count += 1
        return count

    @mistake("a whole number of processes")
    def requests_instead(law, gain_per_s, at_most):
        count = 1
        while count < at_most and law.per_s(count + 1) - law.per_s(count) >= gain_per_s:
            count += 1
        return float(law.per_s(count))
