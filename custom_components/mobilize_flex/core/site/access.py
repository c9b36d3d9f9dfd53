"""What badges change: who is let in, what a station learns, the list each station keeps."""

from dataclasses import replace
from typing import Final

from ..access.admission import Verdict, anonymous, verdict
from ..access.local_list import digest, entries, next_expiry
from ..control.settings import OFFLINE_STRANGERS, strangers_offline
from ..model.access import ANY_KIND, KINDS, AccessList, Badge, Learning, ListDelivery, ListEntry, ListStanding
from ..model.commands import ReadListVersion, SendBadges, WriteVariables
from ..model.config import Automatic
from ..model.facts import CommandAccepted, CommandRefused, CommandUnanswered, ListVersionReported
from ..model.intents import LearnBadge, RemoveBadge, SetBadge
from ..model.state import Onboarding, StationState
from ..model.station import Token
from ..ocpp.inventory import find
from ..ocpp.local_list import list_limits, parts
from .draft import Draft

INVENTORY_S: Final = 30.0
"""How long the list waits for the inventory to say how much a station takes."""
RETRY_S: Final = 60.0
MOST_TRIES: Final = 3
MISMATCH: Final = "VersionMismatch"


# who is let in


def admit(d: Draft, identity: str, token: Token, *, learn: bool = True) -> Verdict:
    """Return the verdict on a token; a card somebody waits for is learnt first."""
    station = d.state.stations[identity]
    if learn and station.learning is not None and not anonymous(token):
        _learn(d, station, station.learning, token)
    told = verdict(d.state.access, station.config, token, d.now.utc)
    if told.accepted and told.badge is not None:
        _recognise(d, told.badge, token)
    return told


def is_busy(d: Draft, badge: Badge, transaction: tuple[str, str]) -> bool:
    """Return whether a badge for one charge at a time charges a car elsewhere; others may charge several."""
    if not badge.one_charge:
        return False
    places = (evse for station in d.state.stations.values() for evse in station.evses.values())
    sessions = (session for evse in places if (session := d.session(evse.session)) is not None)
    others = (s for s in sessions if (s.station, s.transaction) != transaction and s.ended_at is None and not s.refused)
    return any(s.token is not None and s.token.casefold() == badge.key for s in others)


def _learn(d: Draft, station: StationState, learning: Learning, token: Token) -> None:
    """Keep the card under the name that waits for it; one that is somebody's already stays his."""
    d.put_station(replace(station, learning=None))
    if d.now.mono_s >= learning.until_s or d.state.access.find(token.value) is not None:
        return
    badge = Badge(token=token.value, kind=token.kind, driver=learning.driver, group=learning.group, added_at=d.now.utc)
    _replace_list(d, d.state.access.having(badge))


def _recognise(d: Draft, badge: Badge, token: Token) -> None:
    """Note the kind and the spelling of a badge known by its number alone: a station's own list needs both."""
    if badge.kind == ANY_KIND and token.kind in KINDS:
        _replace_list(d, d.state.access.having(replace(badge, kind=token.kind, token=token.value)))


# what the owner wants


def set_badge(d: Draft, intent: SetBadge) -> None:
    """Add a badge or replace the one with its number."""
    badge = intent.badge
    stranger = next((s for s in badge.stations if s not in d.state.stations), None)
    if stranger is not None:
        d.refuse("station_unknown", station=stranger)
        return
    known = d.state.access.find(badge.token)
    badge = replace(badge, added_at=known.added_at if known else d.now.utc)
    if badge != known:
        _replace_list(d, d.state.access.having(badge))


def remove_badge(d: Draft, intent: RemoveBadge) -> None:
    """Take a badge off the list."""
    if d.state.access.find(intent.token) is None:
        d.refuse("token_unknown")
        return
    _replace_list(d, d.state.access.without(intent.token))


def learn_badge(d: Draft, intent: LearnBadge) -> None:
    """Wait for the next card at a station, unless somebody waits there already."""
    station = d.station(intent.station)
    if station is None:
        d.refuse("station_unknown", station=intent.station)
    elif not station.online:
        d.refuse("station_offline", station=intent.station)
    elif station.learning is not None and d.now.mono_s < station.learning.until_s:
        d.refuse("token_learning", station=intent.station)
    else:
        until_s = d.now.mono_s + intent.timeout_s
        learning = Learning(driver=intent.driver, group=intent.group, until_s=until_s)
        d.put_station(replace(station, learning=learning))


def _replace_list(d: Draft, access: AccessList) -> None:
    d.state = replace(d.state, access=access)


# the list each station keeps


def _tell_mode(d: Draft, identity: str) -> None:
    """Tell a station, where it believes something else, whether strangers may charge while nobody answers it."""
    station = d.state.stations[identity]
    told, opened = station.badges.mode_told, station.config.open_access
    met = station.online and station.onboarding is Onboarding.READY and station.inventory_whole
    if told is opened or not met or Automatic.SETTINGS not in station.config.automatic:
        return
    _put(d, station, replace(station.badges, mode_told=opened))
    row, value = find(station.inventory, *OFFLINE_STRANGERS), strangers_offline(open_access=opened)
    if row is not None and row.writable is not False and (told is not None or row.value != value):
        d.commands.append(WriteVariables(id=d.next_id(), station=identity, values=((row.variable, value),)))


def keep_in_step(d: Draft, identity: str) -> None:
    """Ask for the version of a station's list, then send ours where the two differ."""
    _tell_mode(d, identity)
    station = d.state.stations[identity]
    delivery = station.badges
    wanted_for = (d.state.access.revision, station.config.open_access)
    fresh = delivery.due_at is None or d.now.utc < delivery.due_at
    if (delivery.done_for == wanted_for and fresh) or not _may_ask(d, station):
        return
    if list_limits(station.inventory).able is False:
        _put(d, station, replace(delivery, standing=ListStanding.UNSUPPORTED, done_for=wanted_for, due_at=None))
    elif not delivery.read:
        ask = ReadListVersion(id=d.next_id(), station=identity)
        d.commands.append(ask)
        _put(d, station, replace(delivery, command=ask.id, standing=ListStanding.WAITING))
    else:
        _compare(d, station, wanted_for)


def _may_ask(d: Draft, station: StationState) -> bool:
    delivery = station.badges
    met = station.online and station.onboarding is Onboarding.READY and not d.state.stopping
    wanted = Automatic.LOCAL_LIST in station.config.automatic and delivery.standing is not ListStanding.UNSUPPORTED
    knows = station.inventory_whole or d.now.age_s(station.connected_at) >= INVENTORY_S
    return met and wanted and knows and delivery.command is None and d.now.mono_s >= delivery.quiet_until_s


def _compare(d: Draft, station: StationState, wanted_for: tuple[int, bool]) -> None:
    """Send the list unless the station has it already, or refused the very same one."""
    delivery, memory, access = station.badges, station.memory, d.state.access
    limits = list_limits(station.inventory)
    all_entries = entries(access, station.config, memory.version, d.now.utc)
    cut = parts(all_entries[: limits.entries], limits)
    wanted = tuple(entry for part in cut for entry in part)
    mark = digest(wanted)
    settled = replace(
        delivery,
        done_for=wanted_for,
        due_at=next_expiry(access, d.now.utc),
        left_out=len(access.badges) - len(wanted),
    )
    if mark == delivery.digest_refused or delivery.tries >= MOST_TRIES:
        _put(d, station, replace(settled, standing=ListStanding.REFUSED, tries=0))
    elif _has(station, mark, empty=not wanted):
        _put(d, station, replace(settled, standing=ListStanding.IN_STEP, tries=0))
    else:
        _send(d, station, cut, mark)


def _has(station: StationState, mark: str, *, empty: bool) -> bool:
    """Return whether a station has the list; one of others is left alone while anybody may charge and we have none."""
    memory, told = station.memory, station.badges.told
    if empty and (told == 0 or (memory.list_version == 0 and (told is None or station.config.open_access))):
        return True
    return memory.list_digest == mark and told in (None, memory.list_version)


def _send(d: Draft, station: StationState, cut: tuple[tuple[ListEntry, ...], ...], mark: str) -> None:
    """Send the whole list under numbers no list had before; it counts as there once all parts are accepted."""
    version = max(station.memory.list_version, station.badges.told or 0) + 1
    command = SendBadges(id=d.next_id(), station=station.config.identity, version=version, parts=cut)
    d.commands.append(command)
    memory = replace(station.memory, list_version=version + len(cut) - 1, list_digest=None)
    delivery = replace(station.badges, command=command.id, digest_sent=mark, standing=ListStanding.WAITING)
    _put(d, replace(station, memory=memory), delivery)


def list_unsure(d: Draft, identity: str) -> None:
    """Send the list again to a station that may have struck somebody off it."""
    station = d.state.stations[identity]
    station = replace(station, memory=replace(station.memory, list_digest=None))
    _put(d, station, replace(station.badges, done_for=None))


def version_reported(d: Draft, fact: ListVersionReported) -> None:
    """Note the version of the list a station has."""
    station = d.state.stations[fact.station]
    _put(d, station, replace(station.badges, told=max(0, fact.version)))


def answered(d: Draft, fact: CommandAccepted | CommandRefused | CommandUnanswered) -> None:
    """Take the answer to a call about the list."""
    station = d.state.stations[fact.station]
    delivery = station.badges
    if delivery.command != fact.id:
        return
    delivery = replace(delivery, command=None)
    sent = delivery.read and delivery.digest_sent
    match fact:
        case CommandAccepted() if sent:
            memory = replace(station.memory, list_digest=delivery.digest_sent)
            station = replace(station, memory=memory)
            delivery = replace(delivery, told=memory.list_version, digest_sent=None, digest_refused=None)
        case CommandRefused(supported=False) if sent:
            delivery = replace(delivery, standing=ListStanding.UNSUPPORTED)
        case CommandRefused(reason=reason) if sent and reason != MISMATCH:
            delivery = replace(delivery, digest_sent=None, digest_refused=delivery.digest_sent)
        case CommandRefused() | CommandUnanswered() if sent:
            delivery = _again(d, delivery, at_once=isinstance(fact, CommandRefused))
        case _:
            delivery = replace(delivery, read=True)  # a station that does not tell its version may take a list
    _put(d, station, delivery)


def _again(d: Draft, delivery: ListDelivery, *, at_once: bool) -> ListDelivery:
    """Return a delivery that asks for the version anew, and sends once more."""
    quiet_until_s = delivery.quiet_until_s if at_once else d.now.mono_s + RETRY_S
    return replace(
        delivery, read=False, told=None, digest_sent=None, tries=delivery.tries + 1, quiet_until_s=quiet_until_s
    )


def _put(d: Draft, station: StationState, delivery: ListDelivery) -> None:
    d.put_station(replace(station, badges=delivery))
