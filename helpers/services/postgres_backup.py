"""Copies of a PostgreSQL that outlive it: a base backup, the archive of its log, and a server restored to a moment."""

import os
import shutil
from pathlib import Path

from helpers.services.postgres import Postgres


def archiving(archive) -> list[str]:
    """The options that make a server copy each finished part of its log into the folder `archive`.

    A part is finished when it is full (16 MB), or by `SELECT pg_switch_wal()`. The folder has to belong to the server's
    user: see `hand_over`.
    """
    copy = f"test ! -f {archive}/%f && cp %p {archive}/%f"
    return ["-c", "archive_mode=on", "-c", f"archive_command={copy}"]


def hand_over(folder, server: Postgres) -> Path:
    """Make the folder, if need be, one that the user of this server may read and write; returns its path.

    As root PostgreSQL runs as another user, who is shut out of root's own folders.
    """
    path = Path(folder)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if server.user:
        shutil.chown(path, server.user)
    return path


def base(server: Postgres, folder) -> Path:
    """Copy the whole running `server` into the new folder `folder`, and return its path.

    Alone it is the server as it was at the end of the copy; with the archive it is the start of a restore to any later
    moment. Raises ValueError for a folder that holds something, ServerDied where the copy fails.
    """
    path = Path(folder)
    if path.exists() and any(path.iterdir()):
        raise ValueError(f"{path.name} is not empty, and a backup never goes over another: choose a new folder.")
    hand_over(path, server)
    server.run("pg_basebackup", "-D", path, "-X", "stream", "-c", "fast", "--no-sync")
    return path


def restore(backup, archive=None, until: str | None = None, password: str = "") -> "Restored":
    """Start a new server from a copy of the base backup, play the log in `archive` up to the moment `until`, return it.

    `until` is a moment as PostgreSQL writes it (`SELECT now()::text`); without it everything in the archive is played,
    without `archive` nothing. `password` is that of the server which the backup is of. Raises ValueError for a moment
    without an archive and for a folder that is no base backup, ServerDied with its log where the log ends before
    `until`, or the backup is damaged.
    """
    if until is not None and archive is None:
        raise ValueError("a moment can only be reached with the archive of the log: hand in the folder that holds it.")
    if not (Path(backup) / "PG_VERSION").is_file():
        raise ValueError(
            f"{Path(backup).name} holds no base backup (there is no PG_VERSION in it): hand in what `base` returned."
        )
    return Restored(Path(backup), archive, until, password).start(patience_seconds=30)


class Restored(Postgres):
    """A running server that began as a copy of a base backup; the backup itself stays as it is."""

    name = "restored PostgreSQL"

    def __init__(self, backup: Path, archive=None, until: str | None = None, password: str = ""):
        super().__init__(options=[])
        self.backup, self.archive, self.until = backup, archive, until
        self.password = password or self.password
        if archive is not None:
            self.options += ["-c", f"restore_command=cp {archive}/%f %p", "-c", "recovery_target_action=promote"]
        if until is not None:
            self.options += ["-c", f"recovery_target_time={until}"]

    def prepare(self) -> None:
        self.prepare_folder()
        data = self.folder / "data"
        shutil.copytree(self.backup, data, symlinks=True)
        if self.archive is not None:
            (data / "recovery.signal").touch()
        data.chmod(0o700)
        if self.user:
            for folder, _, files in os.walk(data):
                for each in (folder, *(os.path.join(folder, name) for name in files)):
                    shutil.chown(each, self.user)

    def in_service(self, connection) -> bool:
        return not self.recovers(connection) and super().in_service(connection)
