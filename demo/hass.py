"""One real Home Assistant as a child process."""

import asyncio
from collections.abc import Awaitable, Callable
import contextlib
import os
from pathlib import Path
import signal
from typing import Final

from demo.client import Client

ROOT: Final = Path(__file__).resolve().parents[1]
PYTHON: Final = ROOT / ".venv" / "newest" / "bin" / "python"
OUTPUT_FILE: Final = "demo-output.log"
LOG_FILE: Final = "home-assistant.log"

START_S: Final = 300.0
STOP_S: Final = 60.0
LOOK_S: Final = 0.2
RESTART_WANTED: Final = 100
LAST_LINES: Final = 15

# Home Assistant's voice part imports these two, and the frontend waits for it for ever if it cannot. They come as
# source only, so the demo's environment has none: an import is all they are needed for here, nobody speaks.
VOICE: Final = {
    "pymicro-vad": ("pymicro_vad", "class MicroVad: ...\n"),
    "pyspeex-noise": ("pyspeex_noise", "class AudioProcessor: ...\n"),
}

# Run by the child before it becomes Home Assistant: when the demo dies without a word, so shall the child.
LEASH: Final = """
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    if os.getppid() != int(sys.argv[1]):
        sys.exit("the demo is gone")
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


class HassFailed(Exception):
    """Home Assistant did not start, or went away."""


class Hass:
    """A Home Assistant with its folder; it can be started, stopped and started again."""

    def __init__(self, folder: Path, client: Client, python: Path = PYTHON) -> None:
        """Take a furnished folder; nothing runs yet."""
        self.folder = folder
        self.client = client
        self._python = python
        self._child: asyncio.subprocess.Process | None = None

    @property
    def alive(self) -> bool:
        """Tell whether the process runs."""
        return self._child is not None and self._child.returncode is None

    @property
    def pid(self) -> int | None:
        """Return the number of the process, for those who measure it."""
        return None if self._child is None else self._child.pid

    @property
    def wants_restart(self) -> bool:
        """Tell whether it ended because somebody asked it to restart."""
        return self._child is not None and self._child.returncode == RESTART_WANTED

    async def launch(self) -> None:
        """Start the process and wait until its web server answers."""
        voice = self.folder / "demo-voice"
        await asyncio.to_thread(_write_voice, voice)
        command = ["-m", "homeassistant", "-c", str(self.folder), "--log-no-color"]
        command += ["--skip-pip-packages", ",".join(VOICE)]
        surroundings = os.environ | {
            "PATH": f"{self._python.parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "PYTHONPATH": str(voice),
            "PYTHONPYCACHEPREFIX": str(ROOT / ".venv" / "pycache"),
        }
        with (self.folder / OUTPUT_FILE).open("ab") as output:
            self._child = await asyncio.create_subprocess_exec(
                str(self._python), "-c", LEASH, str(os.getpid()), *command,
                stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output, env=surroundings,
                start_new_session=True, cwd=self.folder,
            )  # fmt: skip
        await self._until(self.client.answers, "its web server does not answer")

    async def until_running(self) -> None:
        """Wait until the start is over; the client needs its token by now."""
        await self._until(self.client.is_running, "it does not finish starting")

    async def stop(self) -> None:
        """Ask the process to end; end it if it does not."""
        child = self._child
        if child is None or child.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S):
                await child.wait()
        except TimeoutError:
            await self.kill()
        except asyncio.CancelledError:
            self._end_at_once()
            raise

    async def kill(self) -> None:
        """End the process without warning, as a power cut would."""
        if self._child is not None:
            self._end_at_once()
            await self._child.wait()

    async def ended(self) -> int:
        """Wait for the end of the process; return its exit code."""
        return 0 if self._child is None else await self._child.wait()

    def log(self) -> str:
        """Return what it has logged."""
        path = self.folder / LOG_FILE
        return path.read_text(errors="replace") if path.exists() else ""

    def last_words(self) -> str:
        """Return the end of what it has logged and printed, for an error message."""
        output = self.folder / OUTPUT_FILE
        said = self.log() or (output.read_text(errors="replace") if output.exists() else "")
        return "\n".join(said.splitlines()[-LAST_LINES:])

    def _end_at_once(self) -> None:
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)

    async def _until(self, done: Callable[[], Awaitable[bool]], otherwise: str) -> None:
        """Wait for something of the living process."""
        try:
            async with asyncio.timeout(START_S):
                while not await done():
                    if not self.alive:
                        code = None if self._child is None else self._child.returncode
                        raise HassFailed(f"Home Assistant ended with code {code}:\n{self.last_words()}")
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            raise HassFailed(f"Home Assistant: {otherwise} within {START_S:.0f} s:\n{self.last_words()}") from None


def _write_voice(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for module, code in VOICE.values():
        (folder / f"{module}.py").write_text(code)
