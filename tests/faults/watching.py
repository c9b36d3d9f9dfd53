"""A watch over what leaves the process: connections it opens, files it writes, programs it starts."""

from collections.abc import Iterator
import contextlib
from dataclasses import dataclass, field
import os
from pathlib import Path
import sys
from typing import Any

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
PROGRAMS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn")
CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.link", "shutil.copyfile", "os.chmod")


@dataclass(slots=True)
class Watch:
    """What was seen; connections as addresses, files as paths."""

    connections: list[Any] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    programs: list[str] = field(default_factory=list)

    def see(self, event: str, args: tuple[Any, ...]) -> None:
        """Take note of one event of the interpreter."""
        if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            self.connections.append(args[1])
        elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
            self.connections.append(args[:2])
        elif event == "open" and isinstance(args[0], (str, bytes, os.PathLike)) and (args[2] or 0) & WRITES:
            self.files.append(os.fsdecode(args[0]))
        elif event == "sqlite3.connect" or event in CHANGES:
            self.files.append(os.fsdecode(args[0]) if isinstance(args[0], (str, bytes, os.PathLike)) else "")
        elif event in PROGRAMS:
            self.programs.append(str(args[0]))

    def outside(self, folder: Path) -> list[str]:
        """Return the files that are not in a folder; what the interpreter keeps for itself does not count."""
        return [f for f in self.files if f and "__pycache__" not in f and not Path(f).resolve().is_relative_to(folder)]


_watches: list[Watch] = []


def _hook(event: str, args: tuple[Any, ...]) -> None:
    for watch in tuple(_watches):
        watch.see(event, args)


@contextlib.contextmanager
def watching() -> Iterator[Watch]:
    """Watch for a while."""
    if _hook not in _installed:
        sys.addaudithook(_hook)  # there is no way to take one away
        _installed.append(_hook)
    watch = Watch()
    _watches.append(watch)
    try:
        yield watch
    finally:
        _watches.remove(watch)


_installed: list[Any] = []
