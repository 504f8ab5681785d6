"""A streaming replica of a PostgreSQL: a second server that repeats whatever the first one does, soon or later."""

from helpers.services.postgres import Postgres


def start(primary: Postgres, delay_seconds: float = 0) -> "Replica":
    """Copy the running `primary`, start the copy as its replica, and return it once it answers and streams.

    `delay_seconds` is how long it waits before it repeats a commit. Raises ValueError for a delay below 0,
    ServerDied with its log when the copy fails.
    """
    if not delay_seconds >= 0:
        raise ValueError(f"delay_seconds={delay_seconds!r}: a replica cannot be ahead; take 0 or more.")
    return Replica(primary, delay_seconds).start(patience_seconds=30)


class Replica(Postgres):
    """A running replica; reads are answered, writes are refused, and `promote()` makes a primary of it."""

    name = "PostgreSQL replica"

    def __init__(self, primary: Postgres, delay_seconds: float = 0):
        super().__init__(options=["-c", f"recovery_min_apply_delay={int(delay_seconds * 1000)}ms"])
        self.primary, self.password, self.promoted = primary, primary.password, False

    def prepare(self) -> None:
        self.prepare_folder()
        source = ["-h", self.primary.host, "-p", self.primary.port]
        self.run("pg_basebackup", *source, "-D", "data", "-R", "-X", "stream", "-c", "fast", "--no-sync")

    def in_service(self, connection) -> bool:
        if self.promoted:
            return not self.recovers(connection)
        streams = connection.execute("SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming'")
        return bool(streams.fetchone()[0])

    def promote(self) -> None:
        """Make it a primary: it accepts writes, and no longer follows."""
        with self.connection() as connection:
            connection.execute("SELECT pg_promote()")
        self.promoted = True

    def lag_bytes(self) -> int:
        """How many bytes of the primary's log it has not applied yet."""
        with self.primary.connection() as first, self.connection() as second:
            written = first.execute("SELECT pg_current_wal_lsn()").fetchone()[0]
            return int(second.execute("SELECT %s::pg_lsn - pg_last_wal_replay_lsn()", [written]).fetchone()[0])
