"""An action on a station: the form of its call, the task it makes, how the answer is told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_register_admin_service
from homeassistant.util import dt as dt_util
import probatio

from .const import DOMAIN
from .coordinator import FlexCoordinator
from .core.model.upkeep import ReportTask, UpkeepAnswer, UpkeepTask
from .targets import STATION_FIELDS, evse_in_use, evse_meant, invalid
from .upkeep import async_collect, async_insist

type Fields = Mapping[Any, Any]
type Make = Callable[[Asked], UpkeepTask]

_STATION_NAMES: Final = frozenset(str(name) for name in STATION_FIELDS)

NUMBER: Final = probatio.All(probatio.Coerce(int), probatio.Range(min=0, max=2**31 - 1))
EVSE: Final = probatio.All(probatio.Coerce(int), probatio.Range(min=1, max=99))
INSTANT: Final = probatio.All(cv.datetime, dt_util.as_utc)
WORD: Final = probatio.All(cv.string, probatio.Length(min=1, max=36))
PLACE: Final[Fields] = {probatio.Optional("evse"): EVSE, probatio.Optional("connector"): EVSE}
TRANSACTION: Final[Fields] = {probatio.Optional("transaction"): WORD}


def many(each: Any) -> Any:
    """Return the form of one or more."""
    return probatio.All(cv.ensure_list, [each], probatio.NonEmpty(), probatio.Coerce(tuple))


def some(each: Any) -> Any:
    """Return the form of any number, none included."""
    return probatio.All(cv.ensure_list, [each], probatio.Coerce(tuple))


@dataclass(frozen=True, slots=True)
class Asked:
    """Hold what an action was called with: the site, the station, the EVSE named by its device, the other fields."""

    site: FlexCoordinator
    identity: str
    fields: dict[str, Any]
    evse: int | None = None

    @property
    def name(self) -> str:
        """Return what the owner calls the station."""
        return self.site.state.stations[self.identity].config.name


@dataclass(frozen=True, slots=True)
class Action:
    """Describe an action: its fields, the task they make, who may call it.

    Where a report follows, ``rows`` names what it holds and ``tell`` makes it an answer.
    """

    fields: Fields
    make: Make
    admin: bool = False
    rows: str | None = None
    tell: Callable[[tuple[Mapping[str, Any], ...]], Any] = list

    @property
    def schema(self) -> probatio.Schema:
        """Return the form of its call."""
        return probatio.Schema({**STATION_FIELDS, **self.fields})

    async def async_answer(self, call: ServiceCall) -> ServiceResponse:
        """Give the station its task; return what it answered."""
        site, identity, evse = evse_meant(call)
        fields = {name: value for name, value in call.data.items() if name not in _STATION_NAMES}
        if evse is not None and "evse" in self.fields:
            fields.setdefault("evse", evse)
        task = self.make(Asked(site, identity, fields, evse))
        if self.rows is None:
            return _told(identity, await async_insist(site, identity, task))
        answer, report = await async_collect(site, identity, cast(ReportTask, task))
        return _told(identity, answer) | {self.rows: self.tell(report.rows), "complete": report.complete}


def _told(identity: str, answer: UpkeepAnswer) -> dict[str, Any]:
    return {"station": identity, "status": answer.status, **answer.details}


def plain(kind: Callable[..., UpkeepTask]) -> Make:
    """Make a task of the fields as they are."""
    return lambda asked: kind(**asked.fields)


def report(kind: Callable[..., ReportTask]) -> Make:
    """Make a task that is answered by a report."""
    return lambda asked: kind(request_id=asked.site.next_number(), **asked.fields)


def charge(kind: Callable[..., UpkeepTask]) -> Make:
    """Make a task about a transaction: the one named, else the one that is running."""
    return lambda asked: kind(**{"transaction": _running(asked)} | asked.fields)


def _running(asked: Asked) -> str | None:
    if "transaction" in asked.fields:
        return None
    state = asked.site.state
    evse = state.stations[asked.identity].evses.get(evse_in_use(asked.site, asked.identity, asked.evse))
    session = state.sessions.get(evse.session) if evse is not None and evse.session else None
    if session is None or session.ended_at is not None:
        raise invalid("no_session", station=asked.name)
    return session.transaction


@callback
def async_register(hass: HomeAssistant, actions: Mapping[str, Action]) -> None:
    """Register actions; what could break a station, or tells of people, is for administrators."""
    for name, action in actions.items():
        if action.admin:
            async_register_admin_service(
                hass, DOMAIN, name, action.async_answer, action.schema, SupportsResponse.OPTIONAL
            )
        else:
            hass.services.async_register(DOMAIN, name, action.async_answer, action.schema, SupportsResponse.OPTIONAL)
