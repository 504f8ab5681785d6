"""The text of a command without what differs from run to run: paths, times, addresses, ports, a traceback's frames."""

import re
from pathlib import Path

_SHORT = "Traceback (most recent call last):\n  …"


def tidy(text: str, folder: Path) -> str:
    """`text` as a learner would see it in `folder`, with nothing in it that another run would print otherwise."""
    folders = {str(folder), str(folder.resolve())}
    for each in sorted(folders, key=len, reverse=True):
        text = text.replace(f"{each}/", "").replace(each, "<project>")
    text = re.sub(r"Traceback \(most recent call last\):\n.*(?=\n[\w.]+(?::|\n|\Z))", _SHORT, text, flags=re.DOTALL)
    text = re.sub(r" \(\d+\.\d+s\)|/\S+/site-packages/|(?<=[( ]):memory:\S*", "", text)
    text = re.sub(r"^\d+ objects imported automatically.*\n+", "", text, flags=re.MULTILINE)
    text = re.sub(r" at 0x[0-9a-f]+", "", text)
    text = re.sub(r"_\d{8}_\d{4}\b", "_<moment>", text)
    text = re.sub(r"\bport \d+", "port <port>", text)
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")
