"""The grid operator's contacts, as entities of Home Assistant tell them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant, State, callback
from homeassistant.helpers import config_validation as cv

from . import const as c
from .configuration import subentries
from .core.model.dimming import Contact, ContactsRead, OthersMeasured
from .entity_meter import WATTS, value_of
from .watching import Watch

type Closed = Mapping[str, bool | None]
"""Whether each contact is closed; ``None`` for one that does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacts:
    """Hold the contacts of a home: each with a meaning of its own, or two that are a code together.

    ``code`` is what they ask when both are open, the first closed, the second closed, both closed. ``others`` are the
    sensors of what the other devices draw that share what is guaranteed.
    """

    meanings: tuple[tuple[Contact, str], ...] = ()
    active_open: bool = False
    pair: tuple[str, str] | None = None
    code: tuple[Contact | None, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def entities(self) -> tuple[str, ...]:
        """Return the entities that play the contacts."""
        return self.pair or tuple(entity_id for _, entity_id in self.meanings)

    def read(self, closed: Closed) -> ContactsRead:
        """Return what the contacts ask."""
        if self.pair is None:
            states = ((meaning, closed[entity_id]) for meaning, entity_id in self.meanings)
            return ContactsRead(tuple((m, None if shut is None else shut != self.active_open) for m, shut in states))
        first, second = ((False, True) if closed[e] is None else (closed[e],) for e in self.pair)
        possible = {self.code[bool(one) + 2 * bool(two)] for one, two in product(first, second)}
        sure = len(possible) == 1
        return ContactsRead(tuple((m, True if sure else None) for m in Contact if m in possible))


def contacts_of(data: Mapping[str, Any]) -> Contacts:
    """Return the contacts the owner named."""
    others = tuple(cv.ensure_list(data.get(c.CONF_OTHERS)))
    if data[c.CONF_KIND] == c.CONTACTS_CODE:
        first, second = (data[name] for name in c.CONF_CODE_CONTACTS)
        asked = (data[name] for name in c.CONF_CODE)
        code = tuple(None if m == "free" else Contact(m) for m in asked)
        return Contacts(pair=(first, second), code=code, others=others)
    meanings = [
        (Contact(meaning), entity_id)
        for name, meaning in c.CONF_CONTACTS.items()
        for entity_id in cv.ensure_list(data.get(name))
    ]
    return Contacts(meanings=tuple(meanings), active_open=data[c.CONF_ACTIVE_WHEN] == c.ACTIVE_OPEN, others=others)


def contact_source(entry: ConfigEntry[Any]) -> Contacts | None:
    """Return the contacts of a home, if it has any."""
    return next((contacts_of(s.data) for s in subentries(entry, c.CONTACTS)), None)


def is_closed(state: State | None) -> bool | None:
    """Return whether a contact is closed; ``None`` where nobody knows."""
    return {STATE_ON: True, STATE_OFF: False}.get(state.state) if state is not None else None


class ContactsSource:
    """Tell what the contacts ask, at once and at every change; one that does not answer is told as such.

    What the other devices draw is told when it changed by more than a trifle.
    """

    def __init__(
        self, hass: HomeAssistant, contacts: Contacts, tell: Callable[[ContactsRead | OthersMeasured], None]
    ) -> None:
        """Follow the contacts."""
        self._contacts = contacts
        self._tell = tell
        self._closed: dict[str, bool | None] = {}
        self._told: ContactsRead | None = None
        self._drawn: dict[str, float | None] = {}
        self._others: OthersMeasured | None = None
        self._watches = [Watch(hass, entity_id, self._weigher(entity_id)) for entity_id in contacts.others]
        self._watches += [Watch(hass, entity_id, self._taker(entity_id)) for entity_id in contacts.entities]

    def _taker(self, entity_id: str) -> Callable[[State | None], None]:
        @callback
        def take(state: State | None) -> None:
            self._closed[entity_id] = is_closed(state)
            if len(self._closed) == len(self._contacts.entities):
                self._read()

        return take

    def _weigher(self, entity_id: str) -> Callable[[State | None], None]:
        @callback
        def take(state: State | None) -> None:
            self._drawn[entity_id] = value_of(state, WATTS)
            if len(self._drawn) == len(self._contacts.others):
                self._weigh()

        return take

    def _weigh(self) -> None:
        drawn = list(self._drawn.values())
        known = [max(0.0, power_w) for power_w in drawn if power_w is not None]
        fresh = OthersMeasured(sum(known) if len(known) == len(drawn) else None)
        if self._others is None or fresh.differs(self._others):
            self._others = fresh
            self._tell(fresh)

    def _read(self) -> None:
        read = self._contacts.read(self._closed)
        if read != self._told:
            self._told = read
            self._tell(read)

    async def async_stop(self) -> None:
        """Follow them no longer."""
        for watch in self._watches:
            await watch.async_stop()
