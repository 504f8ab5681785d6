"""An SSH server on loopback: only keys that a lesson allows, only this user, and what each key may do."""

import os
import pwd
import re
import socket
import subprocess
from pathlib import Path

from helpers.services import installing
from helpers.services.on_port import Configured
from helpers.services.process import MissingServer

CONFIGURATION = """\
ListenAddress 127.0.0.1:<port>
HostKey <folder>/host
PidFile <folder>/pid
AuthorizedKeysFile <folder>/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no          # no accounts of the system are asked
StrictModes no     # its folder lies in a temporary one
Subsystem sftp internal-sftp
"""


def binary() -> str | None:
    """The absolute path of sshd, which refuses to start by another; None where there is none, or no ssh-keygen."""
    return installing.find("sshd") if installing.find("ssh-keygen") else None


def available() -> bool:
    """True where an SSH server can be started."""
    return binary() is not None


def has_shell() -> bool:
    """True where this user can log in at all: the account `nobody` and its like have no shell to be given."""
    shell = pwd.getpwuid(os.getuid()).pw_shell
    return os.access(shell or "/bin/sh", os.X_OK) and Path(shell).name not in ("nologin", "false")


def obstacle() -> str:
    """Why nobody could log in, although the server would start; "" where nothing is in the way."""
    if has_shell():
        return ""
    return "it logs in by SSH, and your account has no login shell (`chsh -s /bin/bash` gives it one)"


def start(allowed=(), configuration: str = CONFIGURATION) -> "Sshd":
    """Start an SSH server that lets in the `allowed` keys, and return it once it speaks.

    Each of `allowed` is a line of authorized_keys: the text of a public key (`key()` makes one), options before it, as
    in 'restrict,command="…" ssh-ed25519 …'. Raises ValueError for lines in one text, MissingServer where there is no
    sshd, ServerDied with its own message for a configuration that it refuses.
    """
    if isinstance(allowed, str):
        raise ValueError("allowed is one text: give a list with one line of authorized_keys for each key.")
    if not available():
        raise MissingServer("sshd")
    return Sshd(list(allowed), configuration).start()


def key(folder, name: str = "id_ed25519") -> Path:
    """Make a pair of keys without a passphrase in `folder`; the path of the private one, the public one ends in .pub.

    Raises ValueError where that file is there already.
    """
    path = Path(folder) / name
    if path.exists():
        raise ValueError(f"{path.name} is in that folder already: a key is never written over; choose another name.")
    if (program := installing.find("ssh-keygen")) is None:
        raise MissingServer("sshd")
    subprocess.run([program, "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)], check=True)
    return path


class Sshd(Configured):
    """A running SSH server; `login` is the only user, `allow()` lets in one more key, `client_options()` reach it."""

    name = "sshd"
    file_name = "sshd_config"

    def __init__(self, allowed: list[str], configuration: str = CONFIGURATION):
        super().__init__(configuration)
        self.allowed, self.login = allowed, pwd.getpwuid(os.getuid()).pw_name

    def prepare(self) -> None:
        if os.geteuid() == 0:  # it changes into this empty folder, which Debian makes only when its service starts
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        super().prepare()
        key(self.folder, "host")
        self._write_keys()
        known = (self.folder / "host.pub").read_text().split()[:2]
        (self.folder / "known_hosts").write_text(f"[{self.host}]:{self.port} {' '.join(known)}\n")

    def command(self) -> list[str]:
        return [binary(), "-D", "-e", "-f", str(self.folder / self.file_name)]

    def asked(self) -> bool:
        with socket.create_connection((self.host, self.port), timeout=2) as connection:
            told = connection.recv(100).decode(errors="replace")
        if found := re.match(r"SSH-2\.0-OpenSSH_(\S+)", told):
            self.version = found[1]
        return told.startswith("SSH-")

    def allow(self, line: str) -> None:
        """Let in one more key: a line of authorized_keys. The next connection reads it."""
        self.allowed.append(line)
        self._write_keys()

    def client_options(self, key: Path) -> list[str]:
        """What `ssh`, `scp -P` and `sftp` need to reach it with this private key, and to know it by its host key."""
        given = {"UserKnownHostsFile": self.folder / "known_hosts", "IdentitiesOnly": "yes", "BatchMode": "yes"}
        words = ["-F", "none", "-o", f"Port={self.port}", "-i", str(key)]
        return words + [word for name, value in given.items() for word in ("-o", f"{name}={value}")]

    def _write_keys(self):
        path = self.folder / "authorized_keys"
        path.write_text("".join(f"{line.strip()}\n" for line in self.allowed))
        path.chmod(0o600)
