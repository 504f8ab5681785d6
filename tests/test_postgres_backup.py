"""Base backup, archive and a restore to a moment: what was there then is there again, and mistakes are told."""

import os
import time
from unittest import mock

import psycopg
import pytest

from helpers.services import postgres, postgres_backup
from helpers.services.process import ServerDied


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder that PostgreSQL's user can reach: root's own temporary ones are closed to it."""
    import shutil
    import tempfile
    from pathlib import Path

    folder = Path(tempfile.mkdtemp(prefix="troublespots-backup-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def story(place):
    """A server with 100 talks in its backup, 150 at the good moment, and then none: (backup, archive, moment, word)."""
    archive = place / "archive"
    with postgres.start(postgres_backup.archiving(archive)) as server, server.connection() as connection:
        postgres_backup.hand_over(archive, server)
        connection.execute("CREATE TABLE talk AS SELECT generate_series(1, 100) AS id")
        backup = postgres_backup.base(server, place / "base")
        connection.execute("INSERT INTO talk SELECT generate_series(101, 150)")
        time.sleep(0.05)
        moment = connection.execute("SELECT now()::text").fetchone()[0]
        time.sleep(0.05)
        connection.execute("DROP TABLE talk")
        last = connection.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()[0]
        deadline = time.monotonic() + 30
        while not (archive / last).exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        with pytest.raises(ValueError, match="base is not empty"):
            postgres_backup.base(server, place / "base")
        return backup, archive, moment, server.password


def talks(server):
    with server.connection() as connection:
        return connection.execute("SELECT count(*) FROM talk").fetchone()[0]


def test_the_backup_alone_is_the_server_as_it_was(story):
    backup, _, _, password = story
    with postgres_backup.restore(backup, password=password) as server:
        assert talks(server) == 100
        with server.connection() as connection:
            connection.execute("INSERT INTO talk VALUES (0)")


def test_with_the_archive_it_is_restored_to_just_before_the_mistake_and_twice(story):
    backup, archive, moment, password = story
    for _ in range(2):
        with postgres_backup.restore(backup, archive, moment, password) as server:
            assert talks(server) == 150


def test_with_all_of_the_archive_the_mistake_is_there_too(story):
    backup, archive, _, password = story
    with postgres_backup.restore(backup, archive, password=password) as server:
        with pytest.raises(psycopg.errors.UndefinedTable):
            talks(server)


def test_a_moment_that_the_archive_does_not_reach_is_told_in_its_own_words(story):
    backup, archive, _, password = story
    with pytest.raises(ServerDied, match="recovery ended before configured recovery target was reached"):
        postgres_backup.restore(backup, archive, "2099-01-01 00:00:00+00", password)


def test_one_that_ends_between_two_questions_is_not_ready_and_no_error(tmp_path, monkeypatch):
    ending = postgres_backup.Restored(tmp_path, password="of-nobody")
    ending.pid = os.getpid()
    connection = mock.MagicMock()
    connection.__enter__.return_value.execute.side_effect = [
        mock.Mock(fetchone=lambda: ["15.4"]),  # the first question is answered
        psycopg.OperationalError("server closed the connection unexpectedly"),
    ]
    monkeypatch.setattr(ending, "connection", lambda *words, **options: connection)
    assert not ending.answers()
    assert ending.version == "15.4"


def test_what_stopped_it_is_not_hidden_by_the_answers_to_those_who_asked_meanwhile(tmp_path):
    ended = postgres_backup.Restored(tmp_path, password="of-nobody")
    ended.folder = tmp_path
    asked = (
        "[7] FATAL:  the database system is not yet accepting connections\n"
        "[7] DETAIL:  Consistent recovery state has not been yet reached.\n"
    )
    reason = "[5] FATAL:  recovery ended before configured recovery target was reached\n"
    (tmp_path / "server.log").write_text(9 * asked + reason)
    assert ended.complaint() == reason.strip()


def test_mistakes_are_a_sentence(story, place):
    backup, _, moment, _ = story
    with pytest.raises(ValueError, match="only be reached with the archive"):
        postgres_backup.restore(backup, until=moment)
    with pytest.raises(ValueError, match="archive holds no base backup"):
        postgres_backup.restore(place / "archive")
