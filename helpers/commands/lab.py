"""`make lab`: fills the learner's folder and opens JupyterLab on it, with settings that suit a course."""

import argparse
import json
import os
import socket
import sys
from pathlib import Path

from helpers import paths
from helpers.commands.copies import fill, originals

# Each key is a schema of JupyterLab, as its folder of settings names it; tests hold them against the installed ones.
SETTINGS = {
    # Without these two JupyterLab asks about news on its first page, and looks for updates that the lock rules out.
    "@jupyterlab/apputils-extension/notification": {"checkForUpdates": False, "fetchNews": "false"},
    # An extension installed from within would leave the locked environment.
    "@jupyterlab/extensionmanager-extension/plugin": {"enabled": False},
    "@jupyterlab/docmanager-extension/plugin": {"autosave": True, "autosaveInterval": 30},
    # Closing a tab keeps the kernel, with what its cells have made; restarting still asks first.
    "@jupyterlab/notebook-extension/tracker": {"kernelShutdown": False, "autoStartDefaultKernel": True},
    "@jupyterlab/apputils-extension/sessionDialogs": {"skipKernelRestartDialog": False},
}

# Runs when a kernel starts, so that a forgotten set-up cell is answered by a sentence and not by a traceback.
STARTUP = """\
try:
    from helpers import needs, sentences
except ImportError:
    pass  # a kernel of another environment
else:
    needs.register(get_ipython())
    sentences.register(get_ipython())
    del needs, sentences
"""

# A kernel listens on loopback, behind a key; its warning about that on every start helps no learner.
KERNEL_CONFIG = 'get_config().IPKernelApp.log_level = "ERROR"\n'


def environment() -> dict[str, str]:
    """Write the course's settings below `work()`; returns the variables that point JupyterLab and its kernels there."""
    jupyter, ipython = paths.work() / ".jupyter", paths.work() / ".ipython"
    for name, values in SETTINGS.items():
        _write_once(jupyter / "settings" / f"{name}.jupyterlab-settings", json.dumps(values, indent=1))
    _write_once(ipython / "profile_default" / "ipython_kernel_config.py", KERNEL_CONFIG)
    _write_once(ipython / "profile_default" / "startup" / "00-troublespots.py", STARTUP)
    return {
        "JUPYTERLAB_SETTINGS_DIR": str(jupyter / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(jupyter / "workspaces"),
        "IPYTHONDIR": str(ipython),
    }


def command(port: int | None = None, browser: bool = True) -> list[str]:
    """The command line that opens JupyterLab on the first lesson, on loopback only."""
    first = originals()[:1]
    words = [sys.executable, "-m", "jupyterlab", "--ip=127.0.0.1", f"--ServerApp.root_dir={paths.work()}"]
    words += [f"--LabApp.default_url=/lab{f'/tree/{first[0].name}' if first else ''}", "--LabApp.news_url=None"]
    # A server or a kernel that ends by itself takes the learner's variables and servers with it.
    words += ["--ServerApp.shutdown_no_activity_timeout=0", "--MappingKernelManager.cull_idle_timeout=0"]
    # The address is shown all the same; looking for language servers, which no lesson uses, would cost a second.
    words += ["--Application.log_level=WARN", "--LanguageServerManager.autodetect=False"]
    words += [f"--port={port}", "--ServerApp.port_retries=0"] if port else []
    words += [] if browser else ["--no-browser"]
    return words + (["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [])


def refusal(port: str | None) -> str | None:
    """Why JupyterLab cannot listen on `port`, in one sentence; None where it can, or where no port was asked for."""
    if port is None:
        return None
    if not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        return f"PORT={port} is not a port: give a number from 1024 to 65535, as in `make lab PORT=8899`."
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(port)))
        except PermissionError:
            return f"Port {port} is kept for the system: take one above 1023, as in `make lab PORT=8899`."
        except OSError:
            return f"Port {port} is taken, maybe by an earlier `make lab`: end that one, or take another PORT."
    return None


def main(arguments: list[str] | None = None) -> str | None:
    """Prepare and start; returns the sentence that says why it cannot, or does not return at all."""
    parser = argparse.ArgumentParser(prog="make lab")
    parser.add_argument("--port")
    parser.add_argument("--no-browser", action="store_true")
    parser.add_argument("--prepare", action="store_true", help="fill work/ and write the settings, start nothing")
    options = parser.parse_args(arguments)
    sentence = refusal(options.port)
    if sentence:
        return f"✘ {sentence}"
    try:
        for told in fill():
            print(told, flush=True)
        variables = environment()
    except OSError as error:
        return (
            f"✘ The folder for your copies cannot be used ({error.strerror or error}): make work/ writable for you, "
            "or point TROUBLESPOTS_WORK to a folder that is."
        )
    if options.prepare:
        return None
    os.environ.update(variables)
    words = command(options.port and int(options.port), browser=not options.no_browser)
    if not options.no_browser:
        print("JupyterLab opens in your browser. To end it: Ctrl+C here, twice.", flush=True)
    return os.execv(words[0], words)


def _write_once(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():  # a learner's own choice stays
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
