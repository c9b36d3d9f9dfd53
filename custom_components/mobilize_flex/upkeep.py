"""Looking after a station: a task goes out, its answer comes back as a value or as a clear error."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, cast

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .const import DOMAIN
from .coordinator import FlexCoordinator
from .core.access.admission import OUR_TOKEN, OUR_TOKEN_KIND
from .core.model.facts import UpkeepDone
from .core.model.state import StationState
from .core.model.upkeep import Report, ReportPart, ReportTask, UpkeepAnswer, UpkeepTask
from .core.ocpp.inventory import connectors
from .core.ocpp.reports import Assembly
from .core.ocpp.upkeep import answer_of, call_of, joined, parts_of, places_of, report_follows
from .core.site.incidents import without_badges

OURS: Final = (OUR_TOKEN, OUR_TOKEN_KIND)
"""The badge of a start from here, and its kind."""
QUIET_S: Final = 60.0
"""A report of which nothing more came for so long is over."""
LONGEST_REPORT_S: Final = 600.0
LONGEST_WORDS: Final = 200

NO_WORDS: Final[Mapping[str, str]] = {
    "Occupied": "task_occupied",
    "Faulted": "task_faulted",
    "Unavailable": "task_unavailable",
    "UnlockFailed": "task_unlock_failed",
    "OngoingAuthorizedTransaction": "task_charging",
    "UnknownConnector": "task_unknown",
    "UnknownTransaction": "task_unknown",
    "UnknownComponent": "task_unknown",
    "UnknownVariable": "task_unknown",
    "Unknown": "task_unknown",
    "NotFound": "task_unknown",
    "Invalid": "task_unknown",
    "UnknownVendorId": "task_unknown",
    "UnknownMessageId": "task_unknown",
    "Duplicate": "task_duplicate",
    "NotSupported": "task_not_supported",
    "NotImplemented": "task_not_supported",
    "NotSupportedPriority": "task_not_supported",
    "NotSupportedState": "task_not_supported",
    "NotSupportedMessageFormat": "task_not_supported",
    "NotSupportedAttributeType": "task_not_supported",
    "LanguageNotSupported": "task_not_supported",
    "UnsupportedMonitorType": "task_not_supported",
    "InvalidCertificate": "task_certificate_invalid",
    "RevokedCertificate": "task_certificate_revoked",
    "Rejected": "task_rejected",
    "Failed": "task_failed",
}
"""The sentence for each way of saying no."""
OTHER_NO: Final = "task_rejected"


async def async_perform(site: FlexCoordinator, identity: str, task: UpkeepTask) -> UpkeepAnswer:
    """Ask a station and return what it answered, yes or no; the controller learns of it too.

    Raises:
        ServiceValidationError: the station is unknown, has no such EVSE or connector, or its version has no words for
            the task.
        HomeAssistantError: it is offline, did not answer in time, or refused to understand.
    """
    parts = _parts(site, identity, task)
    answer = joined([await _async_ask(site, identity, part) for part in parts])
    site.take(UpkeepDone(station=identity, task=task, answer=answer))
    return answer


async def async_insist(site: FlexCoordinator, identity: str, task: UpkeepTask) -> UpkeepAnswer:
    """Ask a station and return its yes.

    Raises:
        HomeAssistantError: it said no; and whatever ``async_perform`` raises.
    """
    answer = await async_perform(site, identity, task)
    if not answer.accepted:
        raise _refusal(site, identity, answer)
    return answer


async def async_collect(site: FlexCoordinator, identity: str, task: ReportTask) -> tuple[UpkeepAnswer, Report]:
    """Ask a station for a report, in as many pieces as it wants; return its yes and what came of the report."""
    pieces = [cast(ReportTask, piece) for piece in _parts(site, identity, task)]
    told = [await _async_collect(site, identity, replace(p, request_id=site.next_number())) for p in pieces]
    answers = sorted((answer for answer, _ in told), key=lambda answer: answer.status != "Accepted")
    rows = tuple(row for _, report in told for row in report.rows)
    return answers[0], Report(rows=rows, complete=all(report.complete for _, report in told))


async def _async_collect(site: FlexCoordinator, identity: str, task: ReportTask) -> tuple[UpkeepAnswer, Report]:
    assembly, news = Assembly(), asyncio.Event()

    def take(part: ReportPart) -> None:
        assembly.take(part)
        news.set()

    forget = site.expect_report(identity, task.request_id, take)
    try:
        answer = await async_insist(site, identity, task)
        if not report_follows(task, answer):
            return answer, Report()
        await _async_until_whole(assembly, news)
        return answer, assembly.report()
    finally:
        forget()


def _parts(site: FlexCoordinator, identity: str, task: UpkeepTask) -> tuple[UpkeepTask, ...]:
    """Return the pieces of a task; one about a place the station does not have is refused."""
    station = site.state.stations.get(identity)
    if station is None:
        return (task,)
    for evse, connector in places_of(task):
        _refuse_stranger(station, evse, connector)
    return parts_of(task, station.inventory)


def _refuse_stranger(station: StationState, evse: int, connector: int | None) -> None:
    """Refuse a place the whole inventory does not list; without one any may be there."""
    listed = connectors(station.inventory) if station.inventory_whole and not station.memory.inventory_partial else {}
    if listed and evse not in listed and evse not in station.evses:
        words = {"station": station.config.name, "evse": str(evse)}
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="evse_unknown", translation_placeholders=words
        )
    known = listed.get(evse)
    if connector and known and connector not in known:
        words = {"station": station.config.name, "evse": str(evse), "connector": str(connector)}
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="connector_unknown", translation_placeholders=words
        )


async def _async_ask(site: FlexCoordinator, identity: str, task: UpkeepTask) -> UpkeepAnswer:
    call, station = call_of(task), site.state.stations.get(identity)
    version = station.memory.version if station is not None else None
    if version is not None and version not in call.versions:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="version_lacks",
            translation_placeholders={"station": _name(site, identity), "action": call.lacking, "version": version},
        )
    return answer_of(task, await site.async_ask(identity, call.action, dict(call.payload), call.timeout_s))


async def _async_until_whole(assembly: Assembly, news: asyncio.Event) -> None:
    """Wait for the rest of a report; one that stops coming is over."""
    try:
        async with asyncio.timeout(LONGEST_REPORT_S):
            while not assembly.whole:
                news.clear()
                async with asyncio.timeout(QUIET_S):
                    await news.wait()
    except TimeoutError:
        return


def _refusal(site: FlexCoordinator, identity: str, answer: UpkeepAnswer) -> HomeAssistantError:
    """Return a station's no in words; its own are plain text in them."""
    why = ": ".join(word for word in (answer.reason, answer.text) if word)
    why = without_badges(site.state, why)
    plain = "".join(letter if letter.isprintable() else " " for letter in why)[:LONGEST_WORDS]
    words = {"station": _name(site, identity), "status": answer.status, "why": f" ({plain})" if plain else ""}
    key = NO_WORDS.get(answer.status, OTHER_NO)
    return HomeAssistantError(translation_domain=DOMAIN, translation_key=key, translation_placeholders=words)


def _name(site: FlexCoordinator, identity: str) -> str:
    return site.state.stations[identity].config.name
