"""Following the grid operator's contacts, and keeping the proof that they were followed."""

from datetime import datetime, timedelta
from typing import Final

from ..grid.dimming import Demand, demand, guaranteed_w
from ..model.delivery import Outcome
from ..model.dimming import ContactsRead, DimmingRecord, Draw, OthersMeasured
from ..model.replacing import replace
from ..model.state import EvseState
from .draft import Draft
from .loads import cars_w

LOOK_S: Final = 60.0
"""How long after the start the effect is written down."""
SLACK_W: Final = 100.0
AGAIN: Final = timedelta(minutes=5)
"""A station that changes its mind more often than this has one record for it."""


def contacts_read(d: Draft, fact: ContactsRead) -> None:
    """Take what the contacts say."""
    d.state = replace(d.state, dimming=replace(d.state.dimming, contacts=fact.contacts))
    judge(d)


def others_measured(d: Draft, fact: OthersMeasured) -> None:
    """Take what the devices of others draw."""
    d.state = replace(d.state, dimming=replace(d.state.dimming, others_w=fact.power_w))


def judge(d: Draft) -> None:
    """Begin a record where the contacts ask for something new, and end the one that is over."""
    config, dimming = d.state.config.dimming, d.state.dimming
    asked = demand(dimming.contacts) if config is not None else Demand()
    limit_w = None
    if config is not None and asked.draw is not Draw.FREE:
        limit_w = 0.0 if asked.draw is Draw.STOPPED else config.minimum_w
    if asked == Demand():
        fresh = None
    else:
        fresh = DimmingRecord(
            started_at=d.now.utc,
            draw=asked.draw,
            feed_in_share=asked.feed_in_share,
            limit_w=limit_w,
            devices=config.devices if config is not None else 1,
            unsure=asked.unsure,
            grid_before_w=_grid_w(d),
            stations_before_w=cars_w(d.state.stations, d.now),
        )
    if _same(dimming.record, fresh):
        return
    ended = () if dimming.record is None else (replace(dimming.record, ended_at=d.now.utc),)
    d.state = replace(d.state, dimming=replace(dimming, record=fresh, ended=ended))


def limits_changed(d: Draft, identity: str) -> None:
    """Keep a record too where a station has the contact itself and tells of a limit that the grid depends on."""
    dimming, station = d.state.dimming, d.state.stations[identity]
    critical = [told for evse in station.evses.values() for told in evse.external if told.critical and told.holds]
    known = next((record for record in dimming.stations if record.station == identity), None)
    fresh = None
    if critical:
        fresh = DimmingRecord(
            started_at=d.now.utc,
            station=identity,
            draw=Draw.DIMMED,
            limit_w=min((limit.limit_w for limit in critical if limit.limit_w is not None), default=None),
            grid_before_w=_grid_w(d),
            stations_before_w=cars_w({identity: station}, d.now),
        )
    if _same(known, fresh):
        return
    last = known or next((record for record in dimming.ended if record.station == identity), None)
    if fresh is not None and last is not None and d.now.utc - last.started_at < AGAIN:
        fresh, known = replace(last, ended_at=None, limit_w=fresh.limit_w), None
    others = tuple(record for record in dimming.stations if record.station != identity)
    ended = () if known is None else (replace(known, ended_at=d.now.utc),)
    stations = others if fresh is None else (*others, fresh)
    d.state = replace(d.state, dimming=replace(dimming, stations=stations, ended=ended))


def limits_move_on(d: Draft) -> None:
    """Follow the limits that were announced for later, and those that are over by now."""
    for identity, station in d.state.stations.items():
        for evse in station.evses.values():
            if not any(told.later for told in evse.external):
                continue
            after = tuple(now for told in evse.external if (now := told.at(d.now.utc)) is not None)
            if after != evse.external:
                d.put_evse(identity, replace(evse, external=after))
                limits_changed(d, identity)


def _same(known: DimmingRecord | None, fresh: DimmingRecord | None) -> bool:
    if known is None or fresh is None:
        return known is fresh
    return all(getattr(known, name) == getattr(fresh, name) for name in _TERMS)


_TERMS: Final = ("draw", "feed_in_share", "limit_w", "devices", "unsure")


def follow(d: Draft) -> None:
    """Write down, step by step, how the stations followed."""
    record, theirs = d.state.dimming.record, d.state.dimming.stations
    if record is not None and d.state.config.dimming is None:
        judge(d)  # the contacts are gone, and nobody will tell that they are released
        return
    if record is not None and not _is_complete(record):
        seen = _looked(d, _followed(d, record))
        if seen != record:
            d.state = replace(d.state, dimming=replace(d.state.dimming, record=seen))
    if theirs:
        _follow_stations(d, theirs)


def _follow_stations(d: Draft, theirs: tuple[DimmingRecord, ...]) -> None:
    """Write down when stations that obey alone did, and what came of it."""
    after = tuple(r if _is_complete(r) else _looked(d, _obeyed(d, r)) for r in theirs)
    if after != theirs:
        d.state = replace(d.state, dimming=replace(d.state.dimming, stations=after))


def _obeyed(d: Draft, record: DimmingRecord) -> DimmingRecord:
    drawn_w = _drawn_w(d, record)
    if record.limit_w is None or record.effective_at is not None or drawn_w is None:
        return record
    return record if drawn_w > record.limit_w + SLACK_W else replace(record, effective_at=d.now.utc)


def _is_complete(record: DimmingRecord) -> bool:
    if record.looked_at is None or record.limit_w is None:
        return record.looked_at is not None
    alone = record.station is not None
    return record.effective_at is not None and (alone or record.accepted_at is not None)


def _followed(d: Draft, record: DimmingRecord) -> DimmingRecord:
    limit_w = guaranteed_w(d.state, d.now)
    if limit_w is None:
        return record
    limit_w += max(0.0, -(d.state.meter.house_w or 0.0))  # only what comes from the grid counts
    evses = [e for s in d.state.stations.values() for e in s.evses.values()]
    charging = [e for e in evses if e.delivery.order is not None or (e.readings.power_w or 0.0) > SLACK_W]
    orders = [e.delivery.order.power_w for e in charging if e.delivery.order is not None]
    if len(orders) == len(charging) and sum(max(0.0, power_w) for power_w in orders) <= limit_w:
        sent = [_sent_at(e, record.started_at) for e in charging]
        record = replace(record, ordered_at=record.ordered_at or max(sent, default=record.started_at))
        if all(e.delivery.outcome is Outcome.ACCEPTED for e in charging):
            record = replace(record, accepted_at=record.accepted_at or d.now.utc)
    drawn_w = _drawn_w(d, record)
    if record.effective_at is None and drawn_w is not None and drawn_w <= limit_w + SLACK_W:
        record = replace(record, effective_at=d.now.utc)
    return record


def _sent_at(evse: EvseState, earliest: datetime) -> datetime:
    """Return when an EVSE was ordered what it is ordered now; not before the grid operator asked."""
    changed = evse.delivery.changed_at
    return earliest if changed is None else max(earliest, changed.utc)


def _looked(d: Draft, record: DimmingRecord) -> DimmingRecord:
    if record.looked_at is not None or (d.now.utc - record.started_at).total_seconds() < LOOK_S:
        return record
    return replace(record, looked_at=d.now.utc, grid_after_w=_grid_w(d), stations_after_w=_drawn_w(d, record))


def _drawn_w(d: Draft, record: DimmingRecord) -> float | None:
    """Return what the stations take that an order is for."""
    stations = d.state.stations
    if record.station is not None:
        stations = {identity: s for identity, s in stations.items() if identity == record.station}
    return cars_w(stations, d.now)


def _grid_w(d: Draft) -> float | None:
    meter = d.state.meter
    return None if meter.lost is not None else meter.reading.power_w
