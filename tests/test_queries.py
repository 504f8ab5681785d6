"""watch(): every query of a block, whoever runs it, wherever it comes from."""

import threading

import pytest
from django.db import connection, transaction

from helpers.project.boot import boot

boot()

from helpers.conference.models import Room, Talk  # noqa: E402
from helpers.queries import formatted, watch  # noqa: E402


def test_it_counts_with_debug_off_and_names_the_line():
    with watch() as seen:
        list(Talk.objects.all())  # the talks
        Room.objects.count()
    assert seen.count == 2
    assert seen.frame.line.tolist() == ["list(Talk.objects.all())  # the talks", "Room.objects.count()"]
    assert (seen.frame.ms > 0).all() and (seen.frame.database == "default").all()
    list(Room.objects.all())
    assert seen.count == 2


def test_alike_queries_are_one_row_and_that_is_n_plus_1():
    with watch("talks and rooms") as seen:
        for talk in Talk.objects.order_by("id")[:5]:
            talk.room.name
    table = seen.similar
    assert table.times.tolist() == [5, 1]
    assert "conference_room" in table.sql[0] and table.line[0] == "talk.room.name"
    assert {params for params in seen.frame.params[1:]} == set(Talk.objects.order_by("id")[:5].values_list("room_id"))
    assert repr(seen).splitlines()[0] == "talks and rooms: 6 queries"
    assert "<td>5</td>" in seen._repr_html_() and "&lt;" not in repr(seen)


def test_other_threads_are_seen_also_those_that_open_their_connection_later():
    def work():
        Room.objects.count()
        connection.close()

    with watch() as seen:
        threads = [threading.Thread(target=work, name=f"worker-{number}") for number in range(3)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    counts = seen.frame[seen.frame.sql.str.contains("COUNT")]
    assert sorted(counts.thread) == ["worker-0", "worker-1", "worker-2"]


def test_watches_nest_and_a_decorated_function_keeps_its_last_call():
    @watch("rooms")
    def rooms(number):
        return [Room.objects.count() for _ in range(number)]

    with watch() as outer:
        rooms(2)
        rooms(3)
    assert outer.count == 5
    assert rooms.watched.count == 3 and rooms.watched.label == "rooms"


def test_a_query_that_fails_is_a_query_too():
    from django.db import DatabaseError

    with watch() as seen, pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT nothing FROM nowhere")
    assert "SELECT nothing FROM nowhere" in seen.frame.sql.tolist()


def test_only_the_database_that_was_asked_for_is_watched():
    with pytest.raises(ValueError, match="the settings know default"):
        watch(database="archive")
    with watch(database=None) as everything:
        Room.objects.count()
    assert everything.count == 1


def test_sql_is_laid_out_for_reading():
    assert formatted("select a from b where c = 1").splitlines() == ["SELECT a", "FROM b", "WHERE c = 1"]


def test_nothing_that_differs_from_run_to_run_is_shown():
    def shown():
        with watch() as seen:
            list(Talk.objects.all())
        return repr(seen), seen._repr_html_()

    assert shown() == shown()
