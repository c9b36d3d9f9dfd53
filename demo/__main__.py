"""The demo as a program: `scripts/demo --help`."""

import asyncio
from contextlib import suppress
from dataclasses import asdict
import json
import logging
import signal
import sys
from typing import Final

from demo import commentary, options
from demo.client import Refused
from demo.face import NotThere
from demo.flows import FlowRefused
from demo.folder import ForeignFolder
from demo.hass import HassFailed
from demo.ports import PortTaken
from demo.site import NotSetUp
from demo.stage import Say, Stage
from demo.waiting import TookTooLong

EVERY_S: Final = 5.0
FAILURES: Final = (FlowRefused, ForeignFolder, HassFailed, NotSetUp, NotThere, OSError, PortTaken, Refused, TookTooLong)


def main() -> int:
    """Run the demo; return the exit code."""
    chosen = options.read()
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets what it starts behind itself ignore it
    for other in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, lambda *_: signal.raise_signal(signal.SIGINT))
    failed: list[BaseException] = []
    with suppress(KeyboardInterrupt):
        try:
            asyncio.run(_show(chosen))
        except* FAILURES as group:
            failed.extend(group.exceptions)
    for failure in failed:
        sys.stderr.write(f"demo: {failure}\n")
    return 1 if failed else 0


async def _show(chosen: options.Options) -> None:
    """Set the stage, say so, and stay until the time is over or somebody ends it."""

    def say(text: str) -> None:
        stream = sys.stderr if chosen.as_json else sys.stdout
        stream.write(f"{text}\n")
        stream.flush()

    async with Stage(chosen, say) as stage:
        if chosen.as_json:
            sys.stdout.write(f"{json.dumps(asdict(stage.ready))}\n")
            sys.stdout.flush()
        say(commentary.greeting(stage))
        with suppress(TimeoutError):
            async with asyncio.timeout(chosen.duration_s), asyncio.TaskGroup() as group:
                group.create_task(_guard(stage, say))
                group.create_task(_comment(stage, say))


async def _comment(stage: Stage, say: Say) -> None:
    """Tell again and again what is going on."""
    while True:
        say(await commentary.line(stage))
        await asyncio.sleep(EVERY_S)


async def _guard(stage: Stage, say: Say) -> None:
    """Start Home Assistant again when somebody restarts it from the inside; it may not end otherwise."""
    while True:
        code = await stage.hass.ended()
        if not stage.hass.wants_restart:
            raise HassFailed(f"Home Assistant ended with code {code}:\n{stage.hass.last_words()}")
        say("Home Assistant restarts")
        await stage.restart()


if __name__ == "__main__":
    sys.exit(main())
