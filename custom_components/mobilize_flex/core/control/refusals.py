"""What a station's refusals teach, as a table, and how long to leave it alone after one.

What says something about the station's program is kept until it boots; what may pass is forgotten after a while.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from ..model.commands import SetpointForm, SetPower
from ..model.delivery import Delivery, Learnt
from ..model.facts import CommandRefused
from ..model.moment import Moment


class Lesson(StrEnum):
    """Name what a refusal teaches."""

    WAIT_AS_TOLD = "wait_as_told"
    WAIT = "wait"
    ASK = "ask"
    WHOLE_ONCE = "whole_once"
    WHOLE = "whole"
    AWAKE = "awake"
    RENUMBER = "renumber"
    CLEAR = "clear"
    LOWER = "lower"
    OTHER_UNIT = "other_unit"
    PLAIN = "plain"
    SIMPLER = "simpler"
    LIMITS = "limits"
    PATIENCE = "patience"


WORDS: Final[Mapping[Lesson, str]] = {
    Lesson.WAIT_AS_TOLD: "wait as long as it says (300 s at most), else 60 s",
    Lesson.WAIT: "try again later",
    Lesson.ASK: "ask whether the transaction is still there, try again later",
    Lesson.WHOLE_ONCE: "the whole profile instead",
    Lesson.WHOLE: "no more updates: the whole profile each time",
    Lesson.AWAKE: "no more idle: a rest is an order of 0 W",
    Lesson.RENUMBER: "send it again under a higher number, twice at most; then the next simpler form",
    Lesson.CLEAR: "clear our profile, send it again",
    Lesson.LOWER: "clear our profile, send it again on the lowest stack level",
    Lesson.OTHER_UNIT: "amperes instead of watts, or back",
    Lesson.PLAIN: "without what is optional (phases, offline duration); if it was, the next simpler form",
    Lesson.SIMPLER: "the next simpler form: dynamic, absolute, limit",
    Lesson.LIMITS: "limits only for half a minute; from the second time in a charge on limits only",
    Lesson.PATIENCE: "try again later; from the second time in a row on the next simpler form, for half an hour",
}

LASTING: Final = frozenset(
    {Lesson.WHOLE, Lesson.AWAKE, Lesson.LOWER, Lesson.OTHER_UNIT, Lesson.PLAIN, Lesson.SIMPLER, Lesson.LIMITS}
)
"""Lessons that are kept until the station boots, where its own version's words were refused; of ``LIMITS`` the second,
for a station says the same of a car that has not agreed yet."""


@dataclass(frozen=True, slots=True)
class Row:
    """Hold which refusals teach what; without ``reasons`` all of them, ``of`` narrows to updates or idle orders."""

    lesson: Lesson
    reasons: tuple[str, ...] = ()
    of: str | None = None

    def fits(self, order: SetPower, reason: str) -> bool:
        """Tell whether a refusal is one of these."""
        return (not self.reasons or reason in self.reasons) and (self.of is None or self.of == kind_of(order))


TABLE: Final[tuple[Row, ...]] = (
    Row(Lesson.WAIT_AS_TOLD, ("RateLimitExceeded",)),
    Row(
        Lesson.WAIT,
        (
            "InvalidMessageSeq",
            "InvalidMessageSequence",
            "Superseded",
            "CSNotAccepted",
            "FwUpdateInProgress",
            "OutOfMemory",
            "OutOfStorage",
            "SecurityError",
        ),
    ),
    Row(Lesson.ASK, ("TxNotFound", "UnknownTxId")),
    Row(Lesson.RENUMBER, ("InvalidProfileId",)),
    Row(Lesson.WHOLE_ONCE, ("InternalError", "GenericError", "InvalidProfile", "NotFound"), "update"),
    Row(Lesson.WHOLE, (), "update"),
    Row(Lesson.AWAKE, (), "idle"),
    Row(Lesson.CLEAR, ("DuplicateProfile",)),
    Row(Lesson.LOWER, ("InvalidStackLevel",)),
    Row(Lesson.OTHER_UNIT, ("UnsupportedRateUnit",)),
    Row(
        Lesson.PLAIN,
        ("PhaseConflict", "InvalidSchedule", "InvalidValue", "ValueTooHigh", "ValueTooLow", "ValueOutOfRange"),
    ),
    Row(
        Lesson.LIMITS,
        (
            "InvalidOperationMode",
            "UnsupportedOperationMode",
            "UnsupportedOperationModes",
            "UnsupportedParam",
            "ValuePositiveOnly",
        ),
    ),
    Row(
        Lesson.SIMPLER,
        (
            "UnsupportedKind",
            "InvalidProfile",
            "UnsupportedRequest",
            "NotSupported",
            "NotImplemented",
            "FormatViolation",
            "FormationViolation",
            "PropertyConstraintViolation",
            "OccurrenceConstraintViolation",
            "OccurenceConstraintViolation",
            "TypeConstraintViolation",
            "ProtocolError",
            "SchemaError",
            "MissingParam",
        ),
    ),
    Row(Lesson.PATIENCE),
)
"""The first row that fits counts; the last one fits everything."""

RETRY_S: Final = (10.0, 15.0, 60.0, 300.0, 900.0)
CLEARED_S: Final = 2.0
"""After clearing a profile: a newer order would take the place of the clearing while it waits for its turn."""
TOLD_S: Final = 60.0
LONGEST_TOLD_S: Final = 300.0
FELL_S: Final = 1800.0
"""How long a simpler form is kept that only a passing refusal led to."""
DOUBT_S: Final = 30.0
"""How long limits are all we send to a station that wanted nothing else for the first time in a charge."""
RENUMBERED: Final = 2
TRIES_AT_ONCE: Final = 5
"""Refusals in a row after which even a lesson waits: a station that refuses everything is left alone."""


@dataclass(frozen=True, slots=True)
class Taught:
    """Hold what became of a refusal: what is now, what is kept of the station, and the lesson."""

    delivery: Delivery
    learnt: Learnt
    lesson: Lesson


def kind_of(order: SetPower) -> str:
    """Return whether an order is an update, an idle order, or one of the others."""
    if order.idle:
        return "idle"
    return "update" if order.form is SetpointForm.UPDATE else "whole"


def teach(delivery: Delivery, learnt: Learnt, order: SetPower, fact: CommandRefused, now: Moment) -> Taught:
    """Return what a refusal of an order teaches; the delivery keeps quiet as long as it should."""
    refusals = delivery.refusals + 1
    lesson = next(row.lesson for row in TABLE if row.fits(order, fact.reason))
    if lesson is Lesson.RENUMBER and refusals > RENUMBERED:
        lesson = Lesson.SIMPLER
    after, kept = _taken(delivery, learnt, order, lesson, now)
    at_once = (after, kept) != (delivery, learnt) or lesson in (Lesson.WHOLE_ONCE, Lesson.RENUMBER)
    wait_s = 0.0 if at_once and refusals <= TRIES_AT_ONCE else retry_s(refusals)
    if lesson is Lesson.PATIENCE:
        wait_s = retry_s(refusals)
    elif lesson is Lesson.WAIT_AS_TOLD:
        wait_s = max(told_s(fact), retry_s(refusals - TRIES_AT_ONCE) if refusals > TRIES_AT_ONCE else 0.0)
    elif lesson in (Lesson.CLEAR, Lesson.LOWER) and refusals <= TRIES_AT_ONCE:
        wait_s = CLEARED_S
    quiet = replace(after, refusals=refusals, last_refusal=fact.reason, quiet_until_s=now.mono_s + wait_s)
    return Taught(quiet, kept, lesson)


def _taken(delivery: Delivery, learnt: Learnt, order: SetPower, lesson: Lesson, now: Moment) -> tuple[Delivery, Learnt]:
    """Return delivery and memory with a lesson in them; on a vendor's way the form is not kept."""
    fell_s = now.mono_s + FELL_S
    match lesson:
        case Lesson.WHOLE:
            return delivery, replace(learnt, no_update=True)
        case Lesson.AWAKE:
            return delivery, replace(learnt, no_idle=True)
        case Lesson.LOWER:
            return delivery, replace(learnt, low=True)
        case Lesson.OTHER_UNIT:
            return delivery, replace(learnt, amperes=not order.amperes)
        case Lesson.PLAIN if not order.plain:
            return delivery, replace(learnt, plain=True)
        case Lesson.LIMITS if not delivery.limited:
            fell_s = now.mono_s + DOUBT_S
            return replace(delivery, form=SetpointForm.LIMIT, fell_until_s=fell_s, limited=True), learnt
        case Lesson.SIMPLER | Lesson.PLAIN | Lesson.LIMITS:
            form = SetpointForm.LIMIT if lesson is Lesson.LIMITS else simpler(order.form)
            if order.route is not None:
                return replace(delivery, form=form, fell_until_s=fell_s), learnt
            return delivery, replace(learnt, form=form)
        case Lesson.PATIENCE if delivery.refusals:
            return replace(delivery, form=simpler(order.form), fell_until_s=fell_s), learnt
        case _:
            return delivery, learnt


def simpler(form: SetpointForm) -> SetpointForm:
    """Return the next simpler form of an order."""
    return SetpointForm.ABSOLUTE if form in (SetpointForm.DYNAMIC, SetpointForm.UPDATE) else SetpointForm.LIMIT


def form_left(delivery: Delivery, learnt: Learnt, now: Moment) -> SetpointForm:
    """Return the best form that is left now: what passing refusals led to is forgotten after a while."""
    forms = {learnt.form, delivery.form} if now.mono_s < delivery.fell_until_s else {learnt.form}
    order = (SetpointForm.LIMIT, SetpointForm.ABSOLUTE)
    return next((form for form in order if form in forms), SetpointForm.DYNAMIC)


def retry_s(refusals: int) -> float:
    """Return how long to wait after so many refusals in a row."""
    return RETRY_S[min(max(refusals, 1), len(RETRY_S)) - 1]


def told_s(fact: CommandRefused) -> float:
    """Return how long a station asks us to wait, within reason."""
    text = fact.text or ""
    return min(float(text), LONGEST_TOLD_S) if text.isdecimal() and text.isascii() and len(text) < 6 else TOLD_S


def table() -> str:
    """Return the table as Markdown."""
    of = {None: "", "update": ", to an update", "idle": ", to an idle order"}
    rows = [
        f"| {', '.join(f'`{reason}`' for reason in row.reasons) or 'anything else'}{of[row.of]} "
        f"| {WORDS[row.lesson]} | {'until it boots' if row.lesson in LASTING else ''} |"
        for row in TABLE
    ]
    return "\n".join(["| the station says | what follows | kept |", "|---|---|---|", *rows])
