"""The loop around the core: events in, state and commands out, in the order the promises ask for."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
import contextlib
import logging
from typing import Final

from ..core.model.certificates import CertificateMade, RequestJudged, SignRequest
from ..core.model.commands import Answer, CallRef, Decline, Keep, MakePlan, StationAnswer, StationCommand
from ..core.model.facts import PlanMade, Stopping, Ticked
from ..core.model.moment import Moment
from ..core.model.plan import Plan, PlanQuestion
from ..core.model.recall import ChargeRecalled
from ..core.model.state import Refusal, SiteState
from ..core.site import Event, Step, habit_of, missing, step

LOGGER = logging.getLogger(__name__)

TICK_S: Final = 1.0
HABIT_TICKS: Final = 1800
EVENTS_KEPT: Final = 200
RECALL_S: Final = 5.0

type Listener = Callable[[SiteState, SiteState], None]


class Runtime:
    """Run one site.

    ``deliver`` takes what goes to stations, ``keep`` stores values and returns when they are safe, ``recall`` looks
    up what is kept of a charge, ``make_plan`` is the planner and ``sign`` who signs the stations' certificates,
    both run in a worker. An answer to a station leaves only after what the same step wants stored is stored; if
    storing fails the station gets an error and will try again.
    """

    def __init__(
        self,
        state: SiteState,
        *,
        clock: Callable[[], Moment],
        deliver: Callable[[StationCommand | StationAnswer], None],
        keep: Callable[[Sequence[Keep]], asyncio.Future[None]],
        recall: Callable[[str], Awaitable[Mapping[str, object]]],
        make_plan: Callable[[PlanQuestion], Plan],
        sign: Callable[[SignRequest], str | None],
    ) -> None:
        """Set up; nothing runs before ``start``."""
        self.state = state
        self.events: deque[tuple[Moment, Event]] = deque(maxlen=EVENTS_KEPT)
        self.errors = 0
        self._clock = clock
        self._deliver = deliver
        self._keep = keep
        self._recall = recall
        self._make_plan = make_plan
        self._sign = sign
        self._listeners: list[Listener] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._storing: set[asyncio.Future[None]] = set()
        self._ticker: asyncio.Task[None] | None = None
        self._ticks = 0

    async def start(self) -> None:
        """Begin to tick."""
        self._ticker = asyncio.create_task(self._tick(), name="mobilize_flex tick")

    async def stop(self) -> None:
        """Withdraw our orders, wait for what is being stored, end."""
        self.put(Stopping())
        if self._ticker is not None:
            self._ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticker
            self._ticker = None
        self._store([habit_of(self.state)])
        if unfinished := {*self._tasks, *self._storing}:
            await asyncio.wait(unfinished, timeout=2.0)
        for task in self._tasks:
            task.cancel()

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with the state before and after each change; return how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def put(self, event: Event) -> Refusal | None:
        """Take one event in, now; return why it was refused, if it was.

        One that belongs to a charge that is kept but not at hand waits until that was looked up.
        """
        key = missing(self.state, event)
        if key is not None:
            self._spawn(self._take_later(key, event))
            return None
        return self._take(event)

    async def _take_later(self, key: str, event: Event) -> None:
        """Look up what is kept of a charge, then take its event in.

        Where that cannot be read a station is asked to send its history again later; what happens now goes on.
        """
        try:
            async with asyncio.timeout(RECALL_S):
                kept = await self._recall(key)
        except Exception as err:
            self.errors += 1
            LOGGER.warning("What is kept of an old charge cannot be read: %r", err)
            if getattr(event, "offline", False):
                self._decline(getattr(event, "call", None))
                return
        else:
            if kept:
                self._take(ChargeRecalled(station=getattr(event, "station", ""), kept=kept))
        self._take(event)

    def _take(self, event: Event) -> Refusal | None:
        now = self._clock()
        if not isinstance(event, Ticked):
            self.events.append((now, event))
        try:
            result = step(self.state, event, now)
        except Exception:
            self.errors += 1
            LOGGER.exception("%s could not be taken in; the state stays as it was", type(event).__name__)
            self._decline(getattr(event, "call", None))
            return None
        before, self.state = self.state, result.state
        self._carry_out(result)
        if before is not self.state:
            for listener in tuple(self._listeners):
                self._show(listener, before)
        return result.refusal

    def _show(self, listener: Listener, before: SiteState) -> None:
        """Let somebody look on; who fails at that does not stop the charge."""
        try:
            listener(before, self.state)
        except Exception:
            self.errors += 1
            LOGGER.exception("What changed could not be shown")

    def _carry_out(self, result: Step) -> None:
        """Send orders at once, answers once what they acknowledge is stored."""
        answers: list[StationAnswer] = []
        for command in result.commands:
            if isinstance(command, MakePlan):
                self._spawn(self._plan(command))
            elif isinstance(command, SignRequest):
                self._spawn(self._sign_for(command))
            elif isinstance(command, Answer):
                answers.append(command)
            else:
                self._deliver(command)
        if result.keeps:
            self._store(result.keeps, answers)
        else:
            for answer in answers:
                self._deliver(answer)

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _decline(self, call: object) -> None:
        if isinstance(call, CallRef):
            self._deliver(Decline(call=call))

    def _store(self, keeps: Sequence[Keep], answers: Sequence[StationAnswer] = ()) -> None:
        """Store values, then let the answers go that acknowledge them; the store itself says what went wrong."""
        try:
            stored = self._keep(keeps)
        except Exception:
            self._unstored(keeps, answers)
            return

        def done(kept: asyncio.Future[None]) -> None:
            self._storing.discard(kept)
            if kept.cancelled() or kept.exception() is not None:
                self._unstored(keeps, answers)
                return
            for answer in answers:
                self._deliver(answer)

        self._storing.add(stored)
        stored.add_done_callback(done)

    def _unstored(self, keeps: Sequence[Keep], answers: Sequence[StationAnswer]) -> None:
        self.errors += 1
        LOGGER.debug("Not stored: %s", [k.key for k in keeps])
        for answer in answers:
            self._deliver(Decline(call=answer.call))

    async def _plan(self, command: MakePlan) -> None:
        """Plan in a worker; a planner that fails is a fact too."""
        loop = asyncio.get_running_loop()
        try:
            plan = await loop.run_in_executor(None, self._make_plan, command.question)
        except Exception as err:
            self.errors += 1
            LOGGER.exception("The planner failed")
            self.put(PlanMade(command.id, None, repr(err)))
            return
        self.put(PlanMade(command.id, plan))

    async def _sign_for(self, command: SignRequest) -> None:
        """Have a request signed in a worker; what cannot be signed, for whatever reason, is rejected."""
        asked, chain = command.asked, None
        try:
            chain = await asyncio.get_running_loop().run_in_executor(None, self._sign, command)
        except Exception:
            self.errors += 1
            LOGGER.exception("A certificate could not be signed")
        self.put(RequestJudged(asked=asked, station=asked.station, accepted=chain is not None))
        if chain is not None:
            self.put(CertificateMade(asked=asked, station=asked.station, chain=chain))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self.put(Ticked())
            self._ticks += 1
            if self._ticks % HABIT_TICKS == 0:
                self._store([habit_of(self.state)])
