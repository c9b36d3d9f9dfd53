"""The station's half of an OCPP conversation: frames in, frames out, one question at a time.

No sockets and no tasks in here, so that a whole night can pass in seconds.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
import itertools
import logging

from simulator import library
from simulator.clock import Clock
from simulator.library import Frame, Misfit, SchemaCheck
from simulator.payload import Payload

_LOGGER = logging.getLogger(__name__)

OFFLINE, SILENCE = "Offline", "Silence"
REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: content, or the reason why there is none."""

    payload: Payload | None = None
    error: str | None = None

    @property
    def status(self) -> str | None:
        """Tell the answer's status word, when it has one."""
        return None if self.payload is None else self.payload.get("status")


type Then = Callable[[Answer], None]


class CallRefused(Exception):
    """A question the station answers with a CALLERROR."""

    def __init__(self, code: str, words: str = "") -> None:
        """Carry the error code of OCPP-J."""
        super().__init__(code)
        self.code = code
        self.words = words


class Postponed:
    """An answer the station gives later, by calling `give`."""

    def __init__(self) -> None:
        """Wait for the conversation to say how to answer."""
        self._way: Callable[[Payload], None] | None = None
        self._payload: Payload | None = None

    def leads_to(self, way: Callable[[Payload], None]) -> None:
        """Learn how to answer; answer at once when the content is known already."""
        self._way = way
        if self._payload is not None:
            way(self._payload)

    def give(self, payload: Payload) -> None:
        """Answer now."""
        self._payload = payload
        if self._way is not None:
            self._way(payload)


@dataclass(slots=True, eq=False)
class Letter:
    """A question of ours on its way.

    A durable one survives the loss of the link; an invited one may go before we are accepted; a word-for-word one
    goes out as it is, whatever its schema says.
    """

    action: str
    payload: Payload
    then: Then | None = None
    durable: bool = False
    invited: bool = False
    word_for_word: bool = False
    attempts: int = 0
    not_before_s: float = 0.0


@dataclass(slots=True)
class Exchange:
    """A question and what was said to it; `answer` stays empty as long as nobody answers."""

    at: datetime
    action: str
    payload: Payload
    answer: Payload | None = None
    error: str | None = None


@dataclass(slots=True)
class Counts:
    """What went wrong, for tests to look at."""

    misfits_received: list[str] = field(default_factory=list)
    silences: int = 0
    sends_received: int = 0
    result_errors_received: int = 0


class Conversation:
    """Letters out one by one, questions in answered one by one."""

    def __init__(
        self,
        clock: Clock,
        check: SchemaCheck,
        route: Callable[[str, Payload], Payload | Postponed | None],
        may_send: Callable[[str], bool],
        *,
        timeout_s: float = 30.0,
        answer_delay_s: float = 0.0,
    ) -> None:
        """Prepare; nothing flows before `open`."""
        self.counts = Counts()
        self.version_of: Callable[[str], str] = lambda _: "2.1"
        self.attempts_allowed = 3
        self.attempt_interval_s = 10.0
        self.queue_limit = 400
        self.open_questions = 1
        self.inviting = False
        self.reword: Callable[[str, Payload], Payload] = lambda _, payload: payload
        self.explain: Callable[[Frame, str], tuple[str, Payload]] = lambda _, words: (words, {})
        self.received: deque[Exchange] = deque(maxlen=REMEMBERED)
        self.sent: deque[Exchange] = deque(maxlen=REMEMBERED)
        self._clock = clock
        self._check = check
        self._route = route
        self._may_send = may_send
        self.timeout_s = timeout_s
        self._answer_delay_s = answer_delay_s
        self._open = False
        self._letters: deque[Letter] = deque()
        self._in_flight: dict[str, tuple[Letter, float, Exchange]] = {}
        self._delayed: deque[tuple[float, str]] = deque()
        self._outgoing: deque[str] = deque()
        self._ids = itertools.count(1)

    @property
    def quiet(self) -> bool:
        """Tell whether nothing is on its way or waiting for an answer."""
        return not self._in_flight and not self._outgoing and not self._delayed and self._next_letter() is None

    @property
    def undelivered(self) -> int:
        """Count the durable letters the controller has not confirmed."""
        return len(self.waiting())

    def waiting(self, transaction_id: str | None = None) -> list[Letter]:
        """List the durable letters the controller has not confirmed, of one transaction or of all."""
        everything = [*(letter for letter, _, _ in self._in_flight.values()), *self._letters]
        return [
            letter
            for letter in everything
            if letter.durable
            and transaction_id in (None, letter.payload.get("transactionInfo", {}).get("transactionId"))
        ]

    def open(self) -> None:
        """Begin to talk: what waited goes first."""
        self._open = True

    def close(self) -> None:
        """Lose the link: durable letters wait, the others come back unanswered."""
        self._open = False
        self._outgoing.clear()
        self._delayed.clear()
        self._letters.extendleft(letter for letter, _, _ in reversed(self._in_flight.values()))
        self._in_flight.clear()
        lost = [letter for letter in self._letters if not letter.durable]
        self._letters = deque(letter for letter in self._letters if letter.durable)
        for letter in lost:
            _tell(letter, Answer(error=OFFLINE))

    def call(
        self,
        action: str,
        payload: Payload,
        then: Then | None = None,
        *,
        durable: bool = False,
        word_for_word: bool = False,
    ) -> None:
        """Ask the controller something, when its turn comes."""
        letter = Letter(action, payload, then, durable, self.inviting or word_for_word, word_for_word)
        if not self._open and not durable:
            _tell(letter, Answer(error=OFFLINE))
            return
        self._letters.append(letter)
        self._thin_out()

    def send_frame(self, text: str) -> None:
        """Send a text as it is."""
        if self._open:
            self._outgoing.append(text)

    def receive(self, text: str) -> None:
        """Take one frame from the controller."""
        try:
            frame = library.unpack(text)
        except Misfit as misfit:
            self.counts.misfits_received.append(str(misfit))
            self._outgoing.append(library.pack_error("-1", misfit.code, misfit.words))
            return
        if frame.kind == library.CALL:
            self._answer(frame)
        elif frame.kind in (library.RESULT, library.ERROR):
            self._conclude(frame)
        elif frame.kind == library.SEND:
            self.counts.sends_received += 1
        else:
            self.counts.result_errors_received += 1

    def tick(self) -> None:
        """Notice what time brings: silence, and answers that were held back."""
        now_s = self._clock.monotonic_s()
        while self._delayed and self._delayed[0][0] <= now_s:
            self._outgoing.append(self._delayed.popleft()[1])
        for message_id, (_, due_s, _) in list(self._in_flight.items()):
            if now_s >= due_s:
                self.counts.silences += 1
                self._finish(message_id, Answer(error=SILENCE))

    def take_frames(self) -> list[str]:
        """Hand over what must go out now: answers, and the next letter if the line is free."""
        while (letter := self._next_letter()) is not None:
            self._send(letter)
        frames = list(self._outgoing)
        self._outgoing.clear()
        return frames

    def _next_letter(self) -> Letter | None:
        """Choose what goes out next; durable letters keep their order."""
        if not self._open or len(self._in_flight) >= self.open_questions:
            return None
        now_s, durable_waits = self._clock.monotonic_s(), any(one.durable for one, _, _ in self._in_flight.values())
        for letter in self._letters:
            if letter.durable and durable_waits:
                continue
            if letter.not_before_s <= now_s and (letter.invited or self._may_send(letter.action)):
                return letter
            durable_waits = durable_waits or letter.durable
        return None

    def _send(self, letter: Letter) -> None:
        self._letters.remove(letter)
        payload = letter.payload
        if not letter.word_for_word:
            self._check.check(library.CALL, letter.action, payload, self.version_of(letter.action))
            payload = self.reword(letter.action, payload)
        message_id = f"s{next(self._ids)}"
        letter.attempts += 1
        exchange = Exchange(self._clock.now(), letter.action, payload)
        self.sent.append(exchange)
        self._in_flight[message_id] = (letter, self._clock.monotonic_s() + self.timeout_s, exchange)
        self._outgoing.append(library.pack_call(message_id, letter.action, payload))

    def _conclude(self, frame: Frame) -> None:
        if frame.id not in self._in_flight:
            self.counts.misfits_received.append(f"answer to nothing: {frame.id}")
            return
        if frame.kind == library.ERROR:
            self._finish(frame.id, Answer(error=frame.action))
            return
        letter = self._in_flight[frame.id][0]
        try:
            if not letter.word_for_word:
                self._check.check(library.RESULT, letter.action, frame.payload, self.version_of(letter.action))
        except Misfit as misfit:
            self.counts.misfits_received.append(f"{letter.action}: {misfit}")
            if self.version_of(letter.action) == "2.1":
                self._outgoing.append(library.pack_result_error(frame.id, misfit.code, misfit.words))
            self._finish(frame.id, Answer(error=misfit.code))
            return
        self._finish(frame.id, Answer(payload=frame.payload))

    def _finish(self, message_id: str, answer: Answer) -> None:
        letter, _, exchange = self._in_flight.pop(message_id)
        exchange.answer, exchange.error = answer.payload, answer.error
        if answer.error is not None and letter.durable and letter.attempts < self.attempts_allowed:
            letter.not_before_s = self._clock.monotonic_s() + letter.attempts * self.attempt_interval_s
            self._letters.appendleft(letter)
            return
        _tell(letter, answer)

    def _answer(self, frame: Frame) -> None:
        exchange = Exchange(self._clock.now(), frame.action, frame.payload)
        self.received.append(exchange)
        try:
            self._check.check(library.CALL, frame.action, frame.payload, self.version_of(frame.action))
            reply = self._route(frame.action, frame.payload)
        except Misfit as misfit:
            self.counts.misfits_received.append(f"{frame.action}: {misfit}")
            self._refuse(frame, exchange, misfit.code, misfit.words)
            return
        except CallRefused as refused:
            self._refuse(frame, exchange, refused.code, refused.words)
            return
        if isinstance(reply, Postponed):
            reply.leads_to(lambda payload: self._give(frame, exchange, payload))
        elif reply is not None:
            self._give(frame, exchange, reply)

    def _refuse(self, frame: Frame, exchange: Exchange, code: str, words: str) -> None:
        exchange.error = code
        self._put(library.pack_error(frame.id, code, *self.explain(frame, words)))

    def _give(self, frame: Frame, exchange: Exchange, payload: Payload) -> None:
        self._check.check(library.RESULT, frame.action, payload, self.version_of(frame.action))
        exchange.answer = payload
        self._put(library.pack_result(frame.id, payload))

    def _put(self, text: str) -> None:
        if not self._open:
            return
        if self._answer_delay_s > 0:
            self._delayed.append((self._clock.monotonic_s() + self._answer_delay_s, text))
        else:
            self._outgoing.append(text)

    def _thin_out(self) -> None:
        """Drop every second update when memory runs short, as stations do."""
        if len(self._letters) <= self.queue_limit:
            return
        updates = [one for one in self._letters if one.payload.get("triggerReason") == "MeterValuePeriodic"]
        gone = {id(one) for one in updates[1::2]}
        self._letters = deque(one for one in self._letters if id(one) not in gone)


def _tell(letter: Letter, answer: Answer) -> None:
    if answer.error is not None:
        _LOGGER.debug("%s came back: %s", letter.action, answer.error)
    if letter.then is not None:
        letter.then(answer)
