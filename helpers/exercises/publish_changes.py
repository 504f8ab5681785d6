"""The exercises of lesson 11 about what has to go, and what may be kept: rows, fragments, a library's answers."""

import pandas as pd

from helpers.exercises.base import Exercise, Incorrect, mistake, solution
from helpers.exercises.cache_desk import RecordingCache
from helpers.exercises.grading import call, expect_call

LESSON = "11-publish-cache"


class WhichPages(Exercise):
    """The pages, each once and sorted, that read any of the rows in `changed`.

    `depends` has one row for each row that a page read: page, model, pk;
    `changed` is a list of (model, pk).
    """

    id = "publish-3-which-pages"
    name = "pages_to_replace"

    def stub(depends, changed): ...

    hints = (
        "A row is a model *and* a pk: Room 3 is not Talk 3. Look up each pair, and collect the pages in a set.",
        "for model, pk in changed: pages |= set(depends.page[(depends.model == model) & (depends.pk == pk)])",
    )

    def check(attempt):
        columns = ["page", "model", "pk"]
        depends = pd.DataFrame(
            [
                ["/talks/c/", "Talk", 3],
                ["/talks/", "Talk", 3],
                ["/talks/", "Talk", 1],
                ["/talks/", "Room", 3],
                ["/rooms/hall/", "Room", 3],
                ["/talks/c/", "Room", 1],
                ["/speakers/mo/", "Talk", 1],
            ],
            columns=columns,
        )
        for changed, expected, nudge in (
            ([("Talk", 3)], ["/talks/", "/talks/c/"], "Room 3 is another row than Talk 3: compare model and pk."),
            (
                [("Talk", 1), ("Room", 3)],
                ["/rooms/hall/", "/speakers/mo/", "/talks/"],
                "Two rows changed: every page that read one of the two, each once, sorted.",
            ),
            ([("Talk", 9)], [], "Nobody has read that row: the list is empty."),
            ([], [], "Nothing changed: the list is empty."),
        ):

            def advice(got, changed=changed, expected=expected, nudge=nudge):
                if hasattr(got, "tolist"):
                    return "A sorted list is wanted: sorted(set(…)) makes one."
                if not isinstance(got, (list, tuple, set)):
                    return nudge
                if sorted(got) == expected:
                    return "The pages are right; a sorted list is wanted."
                if len(changed) == 2 and "/talks/c/" in got:
                    return "Talk 3 and Room 1 did not change: compare pairs, not models and pks each for themselves."
                return nudge

            expect_call(attempt, depends, changed, expected=expected, shown=f"depends, {changed}", nudge=advice)
        return "model and pk together name a row, and each page goes once"

    @solution
    def pair_by_pair(depends, changed):
        pages = set()
        for model, pk in changed:
            pages |= set(depends.page[(depends.model == model) & (depends.pk == pk)])
        return sorted(pages)

    @solution
    def by_a_merge(depends, changed):
        import pandas as pd

        rows = pd.DataFrame(changed, columns=["model", "pk"]).astype({"model": object, "pk": "int64"})
        return sorted(set(depends.merge(rows, on=["model", "pk"]).page))

    @mistake("compare model and pk")
    def by_the_pk_alone(depends, changed):
        return sorted(set(depends.page[depends.pk.isin([pk for _, pk in changed])]))

    @mistake("compare pairs")
    def models_and_pks_apart(depends, changed):
        models, pks = [model for model, _ in changed], [pk for _, pk in changed]
        return sorted(set(depends.page[depends.model.isin(models) & depends.pk.isin(pks)]))

    @mistake("a sorted list")
    def a_set(depends, changed):
        pages = set()
        for model, pk in changed:
            pages |= set(depends.page[(depends.model == model) & (depends.pk == pk)])
        return pages

    @mistake("Two rows changed")
    def the_first_row_only(depends, changed):
        pages = set()
        for model, pk in changed[:1]:
            pages |= set(depends.page[(depends.model == model) & (depends.pk == pk)])
        return sorted(pages)

    @mistake("each once")
    def every_time_it_was_read(depends, changed):
        pages = []
        for model, pk in changed:
            pages += list(depends.page[(depends.model == model) & (depends.pk == pk)])
        return sorted(pages)


class Fragments(Exercise):
    """Remove this talk's card, in all `languages`, from the cache; other cards stay.

    The template says {% cache 600 card talk.pk LANGUAGE_CODE %}.
    """

    id = "publish-4-fragments"
    name = "forget_card"

    def stub(cache, talk, languages): ...

    hints = (
        "Django makes the key of a fragment from its name and from what it varies on, in this order: "
        "make_template_fragment_key, in django.core.cache.utils.",
        'The second argument is a list: make_template_fragment_key("card", [talk.pk, language]), once a language.',
    )

    def check(attempt):
        from types import SimpleNamespace

        from django.core.cache.utils import make_template_fragment_key

        # pk 12, so that the text "12" taken letter by letter is told from the list
        cards = [(pk, language) for pk in (12, 21) for language in ("en", "de", "fr")]
        keys = {card: make_template_fragment_key("card", list(card)) for card in cards}
        cache = RecordingCache()
        for card, key in keys.items():
            cache.set(key, f"the card of {card}")
        shown = "cache, the talk with pk 12, ['en', 'de']"
        call(attempt, cache, SimpleNamespace(pk=12), ["en", "de"], shown=shown)
        left = [card for card in cards if cache.get(keys[card]) is not None]
        told = f"forget_card({shown})"
        if any(cache.get(keys[card]) != f"the card of {card}" for card in left):
            raise Incorrect(f"{told}: a card was emptied, and is still there: the page would show nothing. Delete it.")
        if len(left) == len(cards):
            raise Incorrect(
                f"{told}: no card was removed. The key comes from the fragment's name and a list of what it varies on, "
                "in the template's order: the pk, then the language."
            )
        if not any(pk == 21 for pk, _ in left) or (12, "fr") not in left:
            raise Incorrect(f"{told}: the cards of other talks and languages are gone too. Remove this talk's alone.")
        if (12, "en") in left or (12, "de") in left:
            still = next(language for pk, language in left if pk == 12 and language != "fr")
            raise Incorrect(f"{told}: its card in '{still}' is still there. There is one key for each language.")
        return "one key for each language, and nobody else's card"

    @solution
    def all_at_once(cache, talk, languages):
        from django.core.cache.utils import make_template_fragment_key

        keys = [make_template_fragment_key("card", [talk.pk, language]) for language in languages]
        cache.delete_many(keys)

    @mistake("other talks and languages are gone")
    def everything(cache, talk, languages):
        cache.clear()

    @mistake("There is one key for each language")
    def the_first_language(cache, talk, languages):
        from django.core.cache.utils import make_template_fragment_key

        cache.delete(make_template_fragment_key("card", [talk.pk, languages[0]]))

    @mistake("emptied")
    def an_empty_text(cache, talk, languages):
        from django.core.cache.utils import make_template_fragment_key

        for language in languages:
            cache.set(make_template_fragment_key("card", [talk.pk, language]), "")

    @mistake("no card was removed")
    def the_other_way_round(cache, talk, languages):
        from django.core.cache.utils import make_template_fragment_key

        for language in languages:
            cache.delete(make_template_fragment_key("card", [language, talk.pk]))

    @mistake("no card was removed")
    def a_key_of_ones_own(cache, talk, languages):
        for language in languages:
            cache.delete(f"card:{talk.pk}:{language}")
