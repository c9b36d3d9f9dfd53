"""A controller in a process of its own, which may be killed at any moment: the real door, loop, core and store."""

import asyncio
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
import time

from custom_components.mobilize_flex.core.model.commands import StationAnswer, StationCommand
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.plan.planner import make_plan
from custom_components.mobilize_flex.core.site import restore
from custom_components.mobilize_flex.shell.runtime import Runtime
from custom_components.mobilize_flex.shell.schemas import load_schemas
from custom_components.mobilize_flex.shell.station_door import Admission, Verdict, Visitor
from custom_components.mobilize_flex.shell.station_server import StationServer
from custom_components.mobilize_flex.store import Store
from tests.days.test_night import CONFIG

SCHEMAS = load_schemas()


def live(file: Path, door: Connection) -> None:
    """Run a home on a file until somebody kills it; tell at which port."""
    asyncio.run(_live(file, door))


async def _live(file: Path, door: Connection) -> None:
    doors: list[StationServer] = []

    def deliver(command: StationCommand | StationAnswer) -> None:
        doors[0].send(command)

    store = Store(file, lambda troubled: None)
    opened = await store.async_open()
    runtime = Runtime(
        restore(CONFIG, opened.kept, older=opened.older),
        clock=_clock,
        deliver=deliver,
        keep=store.keep,
        recall=store.async_charge,
        make_plan=make_plan,
        sign=lambda request: None,
    )
    server = StationServer("127.0.0.1", 0, admit=_admit, on_fact=runtime.put, clock=_clock, schemas=SCHEMAS)
    doors.append(server)
    await server.start()
    await runtime.start()
    door.send((server.port, len(opened.refused), opened.moved_to))
    await asyncio.Event().wait()


def _clock() -> Moment:
    return Moment(datetime.now(UTC), time.monotonic())


async def _admit(visitor: Visitor) -> Admission:
    return Admission(Verdict.ADMITTED)
