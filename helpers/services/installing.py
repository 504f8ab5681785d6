"""Where servers are found on a machine, and the words to install those that are not; one table for everybody."""

import glob
import os
import shutil

SERVERS = {  # name: (programs, Debian, Homebrew, conda); None where that system's packages do not have it
    "memcached": (("memcached",), "memcached", "memcached", None),
    "PostgreSQL": (("postgres",), "postgresql", "postgresql", "postgresql"),
    "Valkey or Redis": (("valkey-server", "redis-server"), "redis-server", "valkey", "valkey-server"),
    "nginx": (("nginx",), "nginx", "nginx", "nginx"),
    "HAProxy": (("haproxy",), "haproxy", "haproxy", None),
    "Varnish": (("varnishd",), "varnish", "varnish", None),
    "sshd": (("sshd",), "openssh-server", "openssh", "openssh"),
    "Chromium": (("chromium", "chromium-browser", "google-chrome"), "chromium", "chromium", None),
}
# Debian keeps some servers outside an ordinary user's PATH.
_MORE_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/sbin", "/usr/lib/postgresql/*/bin", "/opt/homebrew/sbin")


def find(name: str) -> str | None:
    """The path of a program of the server `name` (a key of SERVERS, or a program's own name); None where it is not."""
    programs = SERVERS[name][0] if name in SERVERS else (name,)
    folders = [os.environ.get("PATH", ""), *(found for each in _MORE_FOLDERS for found in sorted(glob.glob(each)))]
    found = (shutil.which(program, path=os.pathsep.join(folders)) for program in programs)
    return next((path for path in found if path), None)


def words(name: str) -> str:
    """How to install the server `name`, on Debian, macOS and with conda, as far as each has it."""
    _, debian, homebrew, conda = SERVERS.get(name, (None, name, name, None))
    advice = f"Debian: apt install {debian} · macOS: brew install {homebrew}"
    return advice + (f" · conda: conda install {conda}" if conda else "")
