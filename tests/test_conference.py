"""The conference app: its tables in three sizes, its rules, its pages and admin, and models that cells declare."""

import io
import re
import warnings

import pytest

from helpers.conference import generator
from helpers.project import boot as kernel

ADMIN_LISTS = ("room", "speaker", "talk", "attendee", "rating")


@pytest.fixture(autouse=True, scope="module")
def django(tmp_path_factory):
    """Django in this process, with a template in a folder of the tests where none is named."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TROUBLESPOTS_WORK", str(tmp_path_factory.mktemp("work")))
        yield kernel.boot()


@pytest.fixture
def database():
    """An untouched copy of the small conference for one test."""
    with kernel.isolated_database("small") as path:
        yield path


@pytest.fixture
def scratch():
    """The scratch app without models, before and after."""
    kernel.clear_scratch()
    yield
    kernel.clear_scratch()


def counts():
    from helpers.conference.loader import MODELS

    return {name: model.objects.count() for name, model in MODELS.items()}


# Data


@pytest.mark.parametrize("size", generator.SIZES)
def test_each_size_holds_its_rows_and_breaks_no_rule(size):
    from django.db import connection

    wanted = generator.SIZES[size]
    rows = {name: len(table) for name, table in generator.conference(size).items()}
    with kernel.isolated_database(size):
        assert counts() == rows
        assert (rows["talks"], rows["ratings"]) == (wanted.talks, wanted.ratings)
        with connection.cursor() as cursor:
            assert cursor.execute("PRAGMA foreign_key_check").fetchall() == []


def test_loading_again_replaces_and_loading_is_all_or_nothing(database, monkeypatch):
    from helpers.conference import loader
    from helpers.conference.models import Rating, Room, Talk

    Rating.objects.filter(stars=5).delete()
    Room.objects.create(name="Extra", slug="extra", seats=1)
    assert loader.load("small") == counts()
    assert counts()["ratings"] == 2000 and counts()["rooms"] == 5

    Talk.objects.filter(origin="generated").delete()
    before = counts()
    broken = generator.conference("small")
    broken["ratings"][-1] = (*broken["ratings"][-1][:3], 6, *broken["ratings"][-1][4:])
    monkeypatch.setattr(loader.tables, "read", lambda: broken)
    from django.db import IntegrityError

    with pytest.raises(IntegrityError, match="stars_1_to_5"):
        loader.load("small")
    assert counts() == before
    with pytest.raises(ValueError, match="no conference of size 'tiny'"):
        loader.load("tiny")


def test_the_command_loads_a_size(database):
    from django.core.management import call_command

    out = io.StringIO()
    call_command("load_conference", size="medium", stdout=out)
    assert "400 talks" in out.getvalue() and "30,000 ratings" in out.getvalue()
    assert counts()["ratings"] == 30_000


def test_new_rows_come_after_the_loaded_ones(database):
    from helpers.conference.models import Room

    assert Room.objects.create(name="Extra", slug="extra", seats=1).pk == 6


# Models


def test_migrations_are_up_to_date():
    from django.core.management import call_command

    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_the_project_passes_its_own_checks():
    from django.core import checks

    assert checks.run_checks() == []


def test_each_rule_of_the_models_is_kept_by_the_database(database):
    from django.db import IntegrityError, transaction
    from django.db.models import ProtectedError

    from helpers.conference.models import Attendee, Profile, Rating, Room, Speaker, Speaking, Talk

    rating, talk, room = Rating.objects.first(), Talk.objects.first(), Room.objects.first()
    speaking, profile = Speaking.objects.first(), Profile.objects.first()
    other = Speaker.objects.filter(talks=None).first()
    where = {"room": room, "starts_at": generator.FIRST_DAY, "minutes": 30, "title": "t", "slug": "t"}
    refused = {
        "stars_1_to_5": lambda: Rating.objects.filter(pk=rating.pk).update(stars=6),
        "stars_1_to_5 ": lambda: Rating.objects.filter(pk=rating.pk).update(stars=0),
        "conference_rating.talk_id": lambda: Rating.objects.create(talk=rating.talk, attendee=rating.attendee, stars=3),
        "room_seats_at_least_1": lambda: Room.objects.create(name="n", slug="n", seats=0),
        "conference_room.name": lambda: Room.objects.create(name=room.name, slug="n", seats=1),
        "conference_talk.room_id": lambda: Talk.objects.create(
            **where | {"room": talk.room, "starts_at": talk.starts_at}
        ),
        "conference_talk.slug": lambda: Talk.objects.create(**where | {"slug": talk.slug}),
        "talk_minutes_5_to_240": lambda: Talk.objects.create(**where | {"minutes": 4}),
        "conference_speaking.talk_id, conference_speaking.speaker_id": lambda: Speaking.objects.create(
            talk=speaking.talk, speaker=speaking.speaker, order=9
        ),
        "conference_speaking.talk_id, conference_speaking.order": lambda: Speaking.objects.create(
            talk=speaking.talk, speaker=other, order=speaking.order
        ),
        "conference_profile.speaker_id": lambda: Profile.objects.create(speaker=profile.speaker),
        "conference_speaker.slug": lambda: Speaker.objects.create(name="n", slug=other.slug),
        "conference_attendee.email": lambda: Attendee.objects.create(name="n", email=rating.attendee.email),
    }
    for rule, breaking in refused.items():
        with pytest.raises(IntegrityError, match=re.escape(rule.strip())), transaction.atomic():
            breaking()
    with pytest.raises(ProtectedError):
        talk.room.delete()


def test_reverse_names_are_those_that_the_lessons_teach(database):
    from django.core.exceptions import ObjectDoesNotExist

    from helpers.conference.models import Attendee, Room, Speaker, Talk

    assert Room.objects.filter(talk__kind="keynote").first().talk_set.filter(kind="keynote").exists()
    talk = Talk.objects.get(slug="cache-rules-everything-around-me")
    assert [each.speaker.name for each in talk.speaking_set.all()] == ["Jacob Burch", "Noah Silas"]
    assert Attendee.objects.exclude(rating=None).first().rating_set.exists()
    assert Talk.objects.exclude(ratings=None).first().ratings.exists()
    noah = Speaker.objects.get(name="Noah Silas")
    assert list(noah.talks.all()) == [talk] and noah.appearances.get().order == 2
    assert Speaker.objects.get(name="Jacob Burch").profile.company == "Revolution Systems"
    with pytest.raises(ObjectDoesNotExist):
        noah.profile


def test_every_model_names_its_rows(database):
    from helpers.conference.loader import MODELS

    for model in MODELS.values():
        text = str(model.objects.first())
        assert text and "object (" not in text, model


# Pages


@pytest.fixture
def client(database):
    from django.test import Client

    return Client()


def test_every_page_answers_and_links_lead_somewhere(client):
    from django.contrib.staticfiles import finders
    from django.urls import reverse

    open_links, seen = {reverse("conference:schedule")}, set()
    while open_links:
        address = open_links.pop()
        seen.add(address)
        page = client.get(address)
        assert page.status_code == 200, address
        text = page.content.decode()
        assert text.count("<h1>") == 1 and '<html lang="en">' in text and "<title>" in text, address
        sheet = re.search(r'<link rel="stylesheet" href="/static/([^"]+)">', text)
        assert finders.find(sheet[1]), "a server of static files would not find the stylesheet"
        links = re.findall(r'<a href="([^"]+)"', text)
        local = {address.split("?")[0] + link if link[0] == "?" else link for link in links if "://" not in link}
        open_links |= local - seen
    kinds = {kind: sum(kind in address for address in seen) for kind in ("?day=", "/talks/", "/speakers/")}
    assert kinds == {"?day=": 3, "/talks/": 41, "/speakers/": 40}


def test_pages_show_what_is_in_the_database(client):
    from django.db.models import Avg, Count

    from helpers.conference.models import Talk

    talk = Talk.objects.annotate(count=Count("ratings"), stars=Avg("ratings__stars")).order_by("-count").first()
    text = client.get(talk.get_absolute_url()).content.decode()
    assert f"{talk.stars:.1f} of 5 stars, {talk.count} ratings" in text
    text = client.get("/talks/advanced-django-forms/").content.decode()
    assert text.index("Daniel Greenfeld") < text.index("Miguel Araujo") and "Not rated yet" in text
    assert "No speaker is named" in client.get("/talks/content-aint-a-thing-web-scraping/").content.decode()
    thursday = client.get("/?day=2011-09-08").content.decode()
    assert "Schedule of 8 September 2011" in thursday and "Why does Django hate Python" in thursday
    assert "Schedule of 6 September 2011" in client.get("/?day=nonsense").content.decode()
    assert client.get("/talks/no-such-talk/").status_code == 404


def test_pages_of_an_empty_conference_answer(client):
    from helpers.conference.loader import MODELS

    for model in reversed(MODELS.values()):
        model.objects.all().delete()
    assert "No talks yet" in client.get("/").content.decode()
    assert "No talks yet" in client.get("/talks/").content.decode()


def test_pages_and_admin_lists_need_no_more_queries_for_more_data():
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    needed = {}
    for size in ("small", "medium"):
        with kernel.isolated_database(size):
            client = Client()
            client.force_login(superuser())
            pages = ["/", "/talks/", "/talks/advanced-django-forms/", "/speakers/jacob-burch/"]
            for address in pages + [f"/admin/conference/{name}/" for name in ADMIN_LISTS]:
                with CaptureQueriesContext(
                    connection,
                ) as queries:
                    assert client.get(address).status_code == 200, address
                needed.setdefault(address, []).append(len(queries))
    assert len(needed) == 9
    assert {address: pair for address, pair in needed.items() if pair[0] != pair[1] or pair[0] > 12} == {}


def superuser():
    from django.contrib.auth.models import User

    return User.objects.create_superuser("admin", password=None)


def test_the_admin_lists_searches_changes_and_adds(client):
    from helpers.conference.models import Room

    client.force_login(superuser())
    assert client.get("/admin/").status_code == 200
    for name in ADMIN_LISTS:
        page = client.get(f"/admin/conference/{name}/")
        assert page.status_code == 200 and "field-" in page.content.decode(), name
        assert client.get(f"/admin/conference/{name}/?q=a").status_code == 200, name
        assert client.get(f"/admin/conference/{name}/add/").status_code == 200, name
        assert client.get(f"/admin/conference/{name}/1/change/").status_code == 200, name
    found = client.get("/admin/conference/talk/?q=Silas").content.decode()
    assert "1 result" in found and "Cache rules everything around me" in found
    form = {"name": "Attic", "slug": "attic", "seats": 12}
    assert client.post("/admin/conference/room/add/", form).status_code == 302
    form = {"name": "Attic", "slug": "attic", "seats": 0}
    assert client.post("/admin/conference/room/add/", form).status_code == 200
    assert Room.objects.get(seats=12).name == "Attic"


def test_the_admin_is_closed_to_strangers(client):
    assert client.get("/admin/conference/talk/").status_code == 302


@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
def test_the_server_entry_points_hold_an_application(kind):
    import importlib

    assert callable(importlib.import_module(f"helpers.project.{kind}").application)


# Models declared in cells


def declare_note(text_field="text", through_tags=False):
    """What a lesson's cell does, run once more each time."""
    from django.db import models

    kernel.clear_scratch()
    body = {
        "__module__": "__main__",
        "Meta": type("Meta", (), {"app_label": "scratch"}),
        "talk": models.ForeignKey("conference.Talk", models.CASCADE),
        text_field: models.CharField(max_length=20, default=""),
    }
    if through_tags:
        body["rooms"] = models.ManyToManyField("conference.Room")
    return type("Note", (models.Model,), body)


def test_a_model_cell_may_run_twice(database, scratch):
    from django.apps import apps

    from helpers.conference.models import Room, Talk

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # "Model 'scratch.note' was already registered" would come here
        first = declare_note(through_tags=True)
        kernel.create_tables(first)
        note = first.objects.create(talk=Talk.objects.first(), text="one")
        note.rooms.add(Room.objects.first())
        second = declare_note("words")
        kernel.create_tables(second)
    talk = Talk.objects.first()
    assert apps.get_model("scratch", "Note") is second
    assert talk.note_set.model is second
    assert {relation.related_model for relation in Talk._meta.related_objects} & {first, second} == {second}
    assert not hasattr(Room, "note_set")
    second.objects.create(talk=talk, words="two")
    assert Talk.objects.filter(note__words="two").get() == talk
    deleted = talk.delete()[1]
    assert deleted["scratch.Note"] == 1 and second.objects.count() == 0


def test_clearing_leaves_the_conference_as_it_was(database, scratch):
    from django.contrib import admin

    from helpers.conference.models import Talk

    before = set(vars(Talk)), [field.name for field in Talk._meta.get_fields()]
    note = declare_note()
    admin.site.register(note)
    assert (set(vars(Talk)), [field.name for field in Talk._meta.get_fields()]) != before
    kernel.clear_scratch()
    assert (set(vars(Talk)), [field.name for field in Talk._meta.get_fields()]) == before
    assert not admin.site.is_registered(note)
    assert Talk.objects.first().delete()[0] > 0  # no cascade into a table that is not there


def test_reference_to_a_model_that_never_came_is_forgotten(database, scratch):
    from django.apps import apps
    from django.db import models

    meta = type("Meta", (), {"app_label": "scratch"})
    body = {"__module__": "__main__", "Meta": meta, "to": models.ForeignKey("scratch.Later", models.CASCADE)}
    type("Early", (models.Model,), body)
    assert ("scratch", "later") in apps._pending_operations
    with kernel.isolated_database("small"):
        pass  # a model that is not complete gets no table, and no error
    assert ("scratch", "later") in apps._pending_operations
    kernel.clear_scratch()
    assert ("scratch", "later") not in apps._pending_operations


def test_an_isolated_block_brings_the_learners_models_back(database, scratch):
    from helpers.conference.models import Talk

    learners = declare_note()
    kernel.create_tables(learners)
    learners.objects.create(talk=Talk.objects.first(), text="kept")
    with kernel.isolated_database("small"):
        assert learners.objects.count() == 0
        Talk.objects.first().delete()
        checks = declare_note("other")
        kernel.create_tables(checks)
        assert Talk.objects.first().note_set.model is checks
    assert Talk.objects.first().note_set.get().text == "kept"
    assert Talk.objects.filter(note__text="kept").count() == 1
    assert Talk.objects.first().delete()[1]["scratch.Note"] == 1


def test_tables_that_point_to_a_new_one_are_made_anew(database, scratch):
    from django.db import connection, models

    from helpers.conference.models import Talk

    note = declare_note()
    meta = type("Meta", (), {"app_label": "scratch"})
    body = {"__module__": "__main__", "Meta": meta, "note": models.ForeignKey(note, models.CASCADE)}
    reply = type("Reply", (models.Model,), dict(body))
    pile = type("Pile", (models.Model,), body | {"note": models.ManyToManyField(note)})
    other = type("Other", (models.Model,), {"__module__": "__main__", "Meta": meta})
    kernel.create_tables(note, reply, pile, other)
    other.objects.create()
    written = note.objects.create(talk=Talk.objects.first())
    reply.objects.create(note=written)
    pile.objects.create().note.add(written)
    kernel.create_tables(note)
    assert [model.objects.count() for model in (note, reply, pile, pile.note.through, other)] == [0, 0, 0, 0, 1]
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA foreign_key_check").fetchall() == []


def test_tables_of_models_that_are_gone_go(database, scratch):
    from django.db import connection

    kernel.create_tables(declare_note(through_tags=True))
    assert "scratch_note_rooms" in connection.introspection.table_names()
    kernel.create_tables(declare_note())
    scratch_tables = {name for name in connection.introspection.table_names() if name.startswith("scratch")}
    assert scratch_tables == {"scratch_note"}


def test_tables_are_refused_in_a_sentence(database, scratch):
    from django.db import transaction

    from helpers.conference.models import Talk

    with pytest.raises(ValueError, match=r"Talk belongs to the app 'conference', whose tables its migrations make"):
        kernel.create_tables(Talk)
    note = declare_note()
    with transaction.atomic(), pytest.raises(RuntimeError, match="outside the `atomic` block"):
        kernel.create_tables(note)
