"""Badges at a site: who is let in, what is learnt, and the list each station keeps."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
import random
from typing import cast

import pytest

from custom_components.mobilize_flex.core.model import facts as f
from custom_components.mobilize_flex.core.model.access import AccessList, Badge, BadgeStatus, ListEntry, ListStanding
from custom_components.mobilize_flex.core.model.commands import (
    AnswerAuthorize,
    AnswerTransaction,
    CallRef,
    ReadListVersion,
    SendBadges,
    SetPower,
    TokenStatus,
    Variable,
    WriteVariables,
)
from custom_components.mobilize_flex.core.model.config import Automatic, SiteConfig, StationConfig, VehicleConfig
from custom_components.mobilize_flex.core.model.intents import LearnBadge, RemoveBadge, SetBadge
from custom_components.mobilize_flex.core.model.moment import Moment
from custom_components.mobilize_flex.core.model.reasons import Reason
from custom_components.mobilize_flex.core.model.session import Phase
from custom_components.mobilize_flex.core.model.state import Onboarding, StationMemory, StationState
from custom_components.mobilize_flex.core.model.station import EventKind, Needs, Token, VariableReport, Version
from custom_components.mobilize_flex.core.model.tasks import CustomerInformation
from custom_components.mobilize_flex.core.model.upkeep import UpkeepAnswer
from custom_components.mobilize_flex.core.site import Step, restore, step
from custom_components.mobilize_flex.core.site.step import Event

T0 = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
CARD = "ISO14443"
STATION = StationConfig(identity="ST1", name="Garage", open_access=False)
CONFIG = SiteConfig(name="Home", v2g_consent=True, stations=(STATION,), vehicles=(VehicleConfig(key="r5", name="R5"),))
MUM = Badge(token="04A1", kind=CARD, driver="Camille", group="FAMILY")
DAD = Badge(token="04A2", kind=CARD, driver="Alex", group="FAMILY")
THIEF = Badge(token="04B1", kind=CARD, status=BadgeStatus.BLOCKED)


def row(component: str, variable: str, value: str | None, **more: object) -> VariableReport:
    return VariableReport(variable=Variable(component, variable), value=value, **more)  # type: ignore[arg-type]


TWO_EVSES = tuple(
    VariableReport(variable=Variable("EVSE", "AvailabilityState", evse), value="Available") for evse in (1, 2)
)


class Home:
    """A site with one station on the other end of the line."""

    def __init__(self, config: SiteConfig = CONFIG, *badges: Badge, memory: StationMemory | None = None) -> None:
        kept: dict[str, object] = {"access": AccessList(badges=badges)}
        kept |= {} if memory is None else {"station/ST1": memory}
        self.state = restore(config, kept)
        self.seconds = 0.0
        self.calls = 0
        self.links = 0
        self.sent: list[object] = []
        self.kept: dict[str, object] = {}

    @property
    def now(self) -> Moment:
        return Moment(T0 + timedelta(seconds=self.seconds), 100.0 + self.seconds)

    @property
    def station(self) -> StationState:
        return self.state.stations["ST1"]

    def call(self) -> CallRef:
        self.calls += 1
        return CallRef("ST1", self.links, f"m{self.calls}")

    def tell(self, event: Event, after: float = 0.0) -> Step:
        self.seconds += after
        result = step(self.state, event, self.now)
        self.state = result.state
        self.sent += result.commands
        self.kept |= {k.key: k.value for k in result.keeps}
        return result

    def meet(self, *inventory: VariableReport, version: Version = Version.V201) -> None:
        """Have the station dial in, be ready, and its inventory known."""
        self.links += 1
        self.tell(f.StationConnected(station="ST1", version=version, link=self.links))
        ready = replace(self.station, onboarding=Onboarding.READY, inventory=inventory, inventory_whole=True)
        self.state = replace(self.state, stations={"ST1": ready})
        self.tell(f.Ticked(), 1)

    def leave(self) -> None:
        self.tell(f.StationDisconnected(station="ST1", link=self.links), 1)

    def present(self, token: str, kind: str = CARD) -> AnswerAuthorize:
        self.tell(f.CardPresented(call=self.call(), station="ST1", token=Token(value=token, kind=kind)))
        return self.of(AnswerAuthorize)[-1]

    def event(
        self, kind: EventKind, seq_no: int, token: str | Token | None = None, **more: object
    ) -> AnswerTransaction:
        fields: dict[str, object] = {
            "call": self.call(), "station": "ST1", "transaction": "tx", "kind": kind, "seq_no": seq_no,
            "at": self.now.utc, "trigger": "Authorized", "evse": 1,
            "token": Token(value=token, kind=CARD) if isinstance(token, str) else token,
        }  # fmt: skip
        self.tell(f.TransactionReported(**(fields | more)), 1)  # type: ignore[arg-type]
        return self.of(AnswerTransaction)[-1]

    def of[T](self, kind: type[T]) -> list[T]:
        return [c for c in self.sent if isinstance(c, kind)]

    def asked(self) -> object:
        """Return what the station was last asked about its list; nothing where it answered that."""
        waiting = self.station.badges.command
        found = [c for c in (*self.of(ReadListVersion), *self.of(SendBadges)) if c.id == waiting]
        return found[0] if found else None

    def version(self, number: int) -> None:
        asked = cast(ReadListVersion, self.asked())
        self.tell(f.ListVersionReported(station="ST1", version=number))
        self.tell(f.CommandAccepted(station="ST1", id=asked.id))

    def accept(self) -> SendBadges:
        asked = self.asked()
        assert isinstance(asked, SendBadges)
        self.tell(f.CommandAccepted(station="ST1", id=asked.id))
        return asked

    def refuse(self, reason: str, *, supported: bool = True) -> None:
        asked = self.asked()
        assert isinstance(asked, (SendBadges, ReadListVersion))
        self.tell(f.CommandRefused(station="ST1", id=asked.id, reason=reason, supported=supported))

    def ignore(self) -> None:
        asked = self.asked()
        assert isinstance(asked, (SendBadges, ReadListVersion))
        self.tell(f.CommandUnanswered(station="ST1", id=asked.id))


def tokens(command: SendBadges) -> list[list[str]]:
    return [[entry.token for entry in part] for part in command.parts]


# who is let in


def test_card_and_event_get_the_same_verdict_with_group_and_expiry() -> None:
    soon = T0 + timedelta(hours=1)
    home = Home(CONFIG, replace(MUM, valid_until=soon), THIEF)
    home.meet()
    card = home.present("04a1")
    event = home.event(EventKind.STARTED, 0, "04a1")
    assert (card.status, card.group, card.until) == (TokenStatus.ACCEPTED, "FAMILY", soon)
    assert (event.status, event.group, event.until) == (card.status, card.group, card.until)
    assert home.present("04B1").status is TokenStatus.BLOCKED
    assert home.event(EventKind.UPDATED, 1, "04FF").status is TokenStatus.UNKNOWN


def test_an_event_without_a_badge_gets_no_verdict() -> None:
    home = Home()
    home.meet()
    assert home.event(EventKind.STARTED, 0).status is None


def test_a_badge_of_the_same_group_stops_the_charge_and_the_session_stays_its_starters() -> None:
    home = Home(CONFIG, MUM, DAD)
    home.meet()
    started = home.event(EventKind.STARTED, 0, MUM.token)
    stopped = home.event(EventKind.ENDED, 1, DAD.token, stopped_reason="Local")
    assert started.group == stopped.group == "FAMILY"
    (session,) = home.state.sessions.values()
    assert (session.token, session.refused, session.stopped_reason) == (MUM.token, False, "Local")


def test_a_charge_with_a_refused_badge_is_commanded_by_nobody_until_the_station_ends_it() -> None:
    home = Home(CONFIG, THIEF)
    home.meet()
    home.event(EventKind.STARTED, 0, THIEF.token, charging_state="Charging")
    home.tell(f.Ticked(), 120)
    evse = home.station.evses[1]
    assert (evse.phase, evse.decision.why.reason) == (Phase.STARTING, Reason.NOT_AUTHORISED)
    assert home.of(SetPower) == []
    home.event(EventKind.ENDED, 1, stopped_reason="DeAuthorized", trigger="Deauthorized")
    (session,) = home.state.sessions.values()
    assert (session.refused, session.stopped_reason) == (True, "DeAuthorized")
    assert session.ended_at is not None


def test_another_badge_mends_a_refused_charge() -> None:
    home = Home(CONFIG, MUM, THIEF)
    home.meet()
    home.event(EventKind.STARTED, 0, THIEF.token)
    home.event(EventKind.UPDATED, 1, MUM.token)
    (session,) = home.state.sessions.values()
    assert not session.refused


LONE = replace(MUM, one_charge=True)


@pytest.mark.parametrize(("badge", "second"), [(MUM, TokenStatus.ACCEPTED), (LONE, TokenStatus.BUSY)])
def test_a_badge_charges_several_cars_unless_it_is_for_one_at_a_time(badge: Badge, second: TokenStatus) -> None:
    home = Home(CONFIG, badge)
    home.meet(*TWO_EVSES)
    home.event(EventKind.STARTED, 0, "04A1")
    assert home.present("04a1").status is TokenStatus.ACCEPTED  # the same card may be there to end the charge
    assert home.event(EventKind.STARTED, 0, "04a1", transaction="tx2", evse=2).status is second
    assert home.state.sessions["ST1/tx2"].refused is (second is TokenStatus.BUSY)


def test_a_badge_for_one_charge_at_a_time_goes_on_with_its_own_and_begins_anew_after_it() -> None:
    home = Home(CONFIG, LONE)
    home.meet(*TWO_EVSES)
    home.event(EventKind.STARTED, 0, "04A1")
    assert home.event(EventKind.UPDATED, 1, "04A1").status is TokenStatus.ACCEPTED
    assert home.event(EventKind.STARTED, 0, "04A1", transaction="tx2", evse=2).status is TokenStatus.BUSY
    assert home.event(EventKind.UPDATED, 2, "04A1").status is TokenStatus.ACCEPTED  # what was refused charges nothing
    assert home.event(EventKind.ENDED, 3, "04A1").status is TokenStatus.ACCEPTED
    assert home.event(EventKind.STARTED, 0, "04A1", transaction="tx3", evse=2).status is TokenStatus.ACCEPTED


def test_what_a_station_did_while_it_was_away_is_not_refused_as_a_second_charge() -> None:
    home = Home(CONFIG, LONE)
    home.meet(*TWO_EVSES)
    home.event(EventKind.STARTED, 0, "04A1")
    told = home.event(EventKind.STARTED, 0, "04A1", transaction="tx2", evse=2, offline=True)
    assert told.status is TokenStatus.ACCEPTED


def test_the_list_outlives_a_restart_and_refuses_nobody_while_it_is_read() -> None:
    home = Home()
    home.tell(SetBadge(MUM))
    again = Home(CONFIG)
    again.state = restore(CONFIG, home.kept)
    assert again.state.access == home.state.access
    again.meet()
    assert again.present(MUM.token).status is TokenStatus.ACCEPTED


def test_a_badge_known_by_its_number_alone_takes_kind_and_spelling_from_the_reader() -> None:
    home = Home(CONFIG, Badge(token="04c1", driver="Lou"))
    home.meet()
    home.present("04C1", "ISO15693")
    assert home.state.access.find("04c1") == Badge(token="04C1", kind="ISO15693", driver="Lou")
    assert home.present("04C1", CARD).status is TokenStatus.UNKNOWN


def test_a_charge_only_badge_keeps_its_car_out_of_v2g() -> None:
    home = Home(CONFIG, replace(MUM, v2g=False))
    home.meet(version=Version.V21)
    home.event(EventKind.STARTED, 0, MUM.token)
    home.tell(f.NeedsReported(call=home.call(), station="ST1", evse=1, needs=Needs(bidirectional=True)))
    (session,) = home.state.sessions.values()
    assert (session.charge_only, session.v2g_allowed, session.phase.value) == (True, False, "standard")
    assert not home.present(MUM.token).v2g


# the owner's list


def test_a_badge_is_added_changed_and_removed() -> None:
    home = Home()
    home.tell(SetBadge(MUM))
    added = home.state.access.find("04a1")
    assert added == replace(MUM, added_at=T0)
    home.tell(SetBadge(replace(added, status=BadgeStatus.BLOCKED)), 60)
    assert home.state.access.badges == (replace(added, status=BadgeStatus.BLOCKED),)
    home.tell(RemoveBadge("04A1"))
    assert home.state.access.badges == ()
    assert home.kept["access"] == home.state.access


def test_what_makes_no_sense_is_refused() -> None:
    home = Home()
    stranger = home.tell(SetBadge(replace(MUM, stations=("ST9",)))).refusal
    unknown = home.tell(RemoveBadge("04A1")).refusal
    assert stranger is not None
    assert unknown is not None
    assert (stranger.key, unknown.key) == ("station_unknown", "token_unknown")
    assert "04A1" not in str(unknown)


# learning


def learn(home: Home, timeout_s: float = 60.0) -> str | None:
    wish = LearnBadge(station="ST1", driver="Lou", group="FAMILY", timeout_s=timeout_s)
    refusal = home.tell(wish).refusal
    return refusal.key if refusal else None


def test_the_next_card_is_learnt_and_accepted_at_once() -> None:
    home = Home()
    home.meet()
    assert learn(home) is None
    answer = home.present("04C1")
    assert (answer.status, answer.group) == (TokenStatus.ACCEPTED, "FAMILY")
    learnt = home.state.access.find("04C1")
    assert learnt is not None
    assert (learnt.driver, learnt.kind, learnt.added_at) == ("Lou", CARD, home.now.utc)
    assert home.present("04C2").status is TokenStatus.UNKNOWN


def test_a_card_told_by_a_transaction_is_learnt_too() -> None:
    home = Home()
    home.meet()
    learn(home)
    assert home.event(EventKind.STARTED, 0, "04C1").status is TokenStatus.ACCEPTED


@pytest.mark.parametrize(
    ("kind", "token", "offline"),
    [
        (EventKind.STARTED, "04C1", True),
        (EventKind.ENDED, "04C1", False),
        (EventKind.STARTED, Token(value="", kind="NoAuthorization"), False),
        (EventKind.STARTED, None, False),
    ],
)
def test_nothing_but_a_fresh_card_is_learnt(kind: EventKind, token: str | Token | None, offline: bool) -> None:
    home = Home()
    home.meet()
    learn(home)
    home.event(kind, 0, token, offline=offline)
    assert home.state.access.badges == ()
    assert home.station.learning is not None


def test_a_card_that_comes_too_late_is_a_stranger() -> None:
    home = Home()
    home.meet()
    learn(home, 30)
    home.tell(f.Ticked(), 30)
    assert home.present("04C1").status is TokenStatus.UNKNOWN
    assert home.state.access.badges == ()


@pytest.mark.parametrize(("badge", "status"), [(MUM, TokenStatus.ACCEPTED), (THIEF, TokenStatus.BLOCKED)])
def test_somebodys_card_stays_his_and_ends_the_wait(badge: Badge, status: TokenStatus) -> None:
    home = Home(CONFIG, badge)
    home.meet()
    learn(home)
    assert home.present(badge.token).status is status
    assert home.state.access.badges == (badge,)
    assert home.station.learning is None


def test_a_station_learns_one_card_at_a_time() -> None:
    home = Home()
    assert learn(home) == "station_offline"
    home.meet()
    assert [learn(home), learn(home)] == [None, "token_learning"]
    home.tell(f.Ticked(), 61)
    assert learn(home) is None


# the list each station keeps


def test_a_station_gets_the_whole_list_once() -> None:
    home = Home(CONFIG, MUM, THIEF)
    home.meet()
    assert isinstance(home.asked(), ReadListVersion)
    home.version(0)
    sent = home.accept()
    assert (sent.version, tokens(sent)) == (1, [["04A1", "04B1"]])
    assert home.station.badges.standing is ListStanding.IN_STEP
    for _ in range(5):
        home.tell(f.Ticked(), 60)
    home.leave()
    home.meet()
    home.version(1)
    assert len(home.of(SendBadges)) == 1


def test_after_each_change_the_list_goes_out_under_a_higher_number() -> None:
    home = Home(CONFIG, MUM)
    home.meet()
    home.version(0)
    home.accept()
    home.tell(SetBadge(DAD))
    assert tokens(home.accept()) == [["04A1", "04A2"]]
    home.tell(RemoveBadge(MUM.token))
    assert tokens(home.accept()) == [["04A2"]]
    home.tell(RemoveBadge(DAD.token))
    assert tokens(home.accept()) == [[]]
    assert [c.version for c in home.of(SendBadges)] == [1, 2, 3, 4]


def test_a_change_while_the_list_travels_sends_it_again() -> None:
    home = Home(CONFIG, MUM)
    home.meet()
    home.version(0)
    home.tell(SetBadge(DAD))
    assert tokens(home.accept()) == [["04A1"]]
    assert tokens(home.accept()) == [["04A1", "04A2"]]
    assert home.asked() is None


def test_a_badge_that_expires_is_told_to_the_station() -> None:
    home = Home(CONFIG, replace(MUM, valid_until=T0 + timedelta(hours=1)))
    home.meet()
    home.version(0)
    (before,) = home.accept().parts[0]
    home.tell(f.Ticked(), 3600)
    (after,) = home.accept().parts[0]
    assert (before.status, before.until) == ("Accepted", T0 + timedelta(hours=1))
    assert (after.status, after.until) == ("Expired", None)


def test_the_list_changes_when_the_station_is_opened_to_all() -> None:
    home = Home(CONFIG, replace(MUM, stations=("ST1", "ST2")), replace(DAD, stations=("ST2",)))
    home.meet()
    home.version(0)
    closed = {e.token: e.status for e in home.accept().parts[0]}
    home.tell(f.SiteConfigured(replace(CONFIG, stations=(replace(STATION, open_access=True),))))
    opened = {e.token: e.status for e in home.accept().parts[0]}
    assert (closed["04A2"], opened["04A2"]) == ("NotAtThisLocation", "Accepted")


@pytest.mark.parametrize(
    ("version", "told", "number"),
    [
        (7, 7, None),  # what it has is ours
        (7, 0, 8),  # it lost it
        (7, 12, 13),  # somebody else wrote one
        (7, 3, 8),  # an older one came back
    ],
)
def test_a_station_that_comes_back_gets_the_list_if_it_has_another(version: int, told: int, number: int | None) -> None:
    first = Home(CONFIG, MUM)
    first.meet()
    first.version(version - 1)
    first.accept()
    memory = first.kept["station/ST1"]
    assert isinstance(memory, StationMemory)
    home = Home(CONFIG, MUM, memory=memory)
    home.meet()
    home.version(told)
    sent = home.asked()
    assert (sent.version if isinstance(sent, SendBadges) else None) == number


def test_a_mismatch_of_versions_is_settled_by_a_higher_one() -> None:
    home = Home(CONFIG, MUM)
    home.meet()
    home.version(0)
    home.refuse("VersionMismatch")
    home.version(40)
    assert home.accept().version == 41
    assert home.station.badges.standing is ListStanding.IN_STEP


def test_a_station_that_mismatches_for_ever_is_left_alone() -> None:
    home = Home(CONFIG, MUM)
    home.meet()
    for _ in range(3):
        home.version(0)
        home.refuse("VersionMismatch")
    home.version(0)
    assert home.asked() is None
    assert home.station.badges.standing is ListStanding.REFUSED
    home.tell(f.Ticked(), 600)
    assert len(home.of(SendBadges)) == 3


def test_a_refused_list_is_not_offered_again_before_it_changes_or_the_station_boots() -> None:
    home = Home(CONFIG, MUM)
    home.meet()
    home.version(0)
    home.refuse("Failed")
    home.tell(f.Ticked(), 600)
    home.leave()
    home.meet()
    home.version(0)
    assert home.station.badges.standing is ListStanding.REFUSED
    assert len(home.of(SendBadges)) == 1
    home.tell(SetBadge(DAD))
    assert tokens(home.accept()) == [["04A1", "04A2"]]


def test_a_station_without_a_list_is_asked_once_until_it_boots() -> None:
    home = Home(CONFIG, MUM)
    home.meet()
    home.refuse("NotImplemented", supported=False)
    home.refuse("NotImplemented", supported=False)
    home.tell(SetBadge(DAD))
    home.leave()
    home.meet()
    assert home.station.badges.standing is ListStanding.UNSUPPORTED
    assert (len(home.of(ReadListVersion)), len(home.of(SendBadges))) == (1, 1)
    boot = f.StationBooted(
        call=home.call(), station="ST1", vendor="V", model="M", serial=None, firmware="2", reason="PowerUp"
    )
    home.tell(boot)
    assert home.station.badges.standing is ListStanding.UNKNOWN


def test_a_mute_station_is_asked_again_after_a_while_and_not_for_ever() -> None:
    home = Home(CONFIG, MUM)
    home.meet()
    home.version(0)
    home.ignore()
    assert home.asked() is None
    home.tell(f.Ticked(), 61)
    home.version(0)
    assert home.accept().version == 2  # the first may have arrived


def test_a_list_that_may_have_arrived_does_not_pass_for_the_one_before_it() -> None:
    home = Home(CONFIG, MUM)
    home.meet()
    home.version(0)
    home.accept()
    home.tell(SetBadge(DAD))
    home.ignore()  # it took the list and fell silent
    home.tell(RemoveBadge(DAD.token))
    home.leave()
    home.meet()
    home.version(2)
    assert tokens(home.accept()) == [["04A1"]]


def test_a_list_is_cut_to_what_a_station_takes() -> None:
    badges = [Badge(token=f"04{n:02}", kind=CARD) for n in range(7)]
    home = Home(CONFIG, THIEF, *badges)
    home.meet(
        row("LocalAuthListCtrlr", "Available", "true"),
        row("LocalAuthListCtrlr", "Entries", "0", max_limit=5.0),
        row("LocalAuthListCtrlr", "ItemsPerMessage", "2"),
    )
    home.version(3)
    sent = home.accept()
    assert (sent.version, tokens(sent)) == (4, [["0400", "0401"], ["0402", "0403"], ["0404"]])
    assert home.station.badges.left_out == 3
    home.tell(RemoveBadge("0400"))
    assert home.accept().version == 7  # each part had a number of its own


@pytest.mark.parametrize(
    ("rows", "sent"),
    [
        ((), True),
        ((row("LocalAuthListCtrlr", "Available", "false"),), False),
        ((row("LocalAuthListCtrlr", "Enabled", "false", writable=False),), False),
        ((row("LocalAuthListCtrlr", "Enabled", "false", writable=True),), True),  # ours to switch on
        ((row("LocalAuthListCtrlr", "Available", "true"), row("LocalAuthListCtrlr", "Enabled", "true")), True),
    ],
)
def test_only_a_station_that_may_have_a_list_is_asked(rows: tuple[VariableReport, ...], sent: bool) -> None:
    home = Home(CONFIG, MUM)
    home.meet(*rows)
    assert (home.asked() is not None) is sent


def test_the_owner_may_switch_the_list_off() -> None:
    quiet = replace(STATION, automatic=frozenset(Automatic) - {Automatic.LOCAL_LIST})
    home = Home(replace(CONFIG, stations=(quiet,)), MUM)
    home.meet()
    home.tell(SetBadge(DAD))
    assert home.asked() is None


@pytest.mark.parametrize(("open_access", "wiped"), [(True, False), (False, True)])
def test_a_list_of_others_is_wiped_where_badges_are_needed_and_left_alone_where_not(
    open_access: bool, wiped: bool
) -> None:
    home = Home(replace(CONFIG, stations=(replace(STATION, open_access=open_access),)))
    home.meet()
    home.version(5)
    assert isinstance(home.asked(), SendBadges) is wiped


def test_a_forgotten_customer_is_struck_off_the_list_again() -> None:
    home = Home(CONFIG, MUM, DAD)
    home.meet()
    home.version(0)
    home.accept()
    task = CustomerInformation(request_id=1, report=False, clear=True, token=DAD.token)
    home.tell(f.UpkeepDone(station="ST1", task=task, answer=UpkeepAnswer(status="Accepted", accepted=True)))
    assert home.accept().version == 2


STRANGERS = Variable("AuthCtrlr", "OfflineTxForUnknownIdEnabled")


def written(home: Home) -> list[str]:
    return [value for c in home.of(WriteVariables) for variable, value in c.values if variable == STRANGERS]


def test_strangers_may_charge_while_we_are_silent_at_an_open_station_only() -> None:
    home = Home()
    home.meet(VariableReport(variable=STRANGERS, value="false", writable=True))
    assert written(home) == []
    for open_access in (True, False):
        home.tell(f.SiteConfigured(replace(CONFIG, stations=(replace(STATION, open_access=open_access),))))
        home.tell(f.Ticked(), 5)
    assert written(home) == ["true", "false"]


def test_a_station_that_was_away_when_the_owner_closed_it_is_told_when_it_comes_back() -> None:
    home = Home()
    there = VariableReport(variable=STRANGERS, value="true", writable=True)
    home.meet(there)
    home.leave()
    home.meet(there)
    assert written(home) == ["false", "false"]


@pytest.mark.parametrize("writable", [True, False])
def test_a_station_that_may_not_be_told_is_not(writable: bool) -> None:
    quiet = replace(STATION, automatic=frozenset(Automatic) - ({Automatic.SETTINGS} if writable else set()))
    home = Home(replace(CONFIG, stations=(quiet,)))
    home.meet(VariableReport(variable=STRANGERS, value="true", writable=writable))
    assert written(home) == []


# a promise


class Keeper:
    """A station that keeps a list as the standard says, unless it is in a bad mood."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.number = 0
        self.known: dict[str, ListEntry] = {}

    def take(self, command: SendBadges) -> tuple[f.StationFact, ...]:
        mood = self.dice.random()
        done = f.CommandAccepted(station="ST1", id=command.id)
        silent = f.CommandUnanswered(station="ST1", id=command.id)
        if mood < 0.1:
            return (silent,)
        if mood < 0.2:
            return (f.CommandRefused(station="ST1", id=command.id, reason="VersionMismatch"),)
        whole = mood > 0.3
        for n, part in enumerate(command.parts if whole else command.parts[:1]):
            assert command.version + n > self.number or n == 0
            self.known = ({} if n == 0 else self.known) | {e.token: e for e in part}
            self.number = command.version + n if self.known else 0
        return (done if whole else silent,)

    def live(self, home: Home) -> None:
        """Answer what was asked until nothing is."""
        for _ in range(40):
            asked = home.asked()
            if isinstance(asked, ReadListVersion):
                home.version(self.number)
            elif isinstance(asked, SendBadges):
                for fact in self.take(asked):
                    home.tell(fact)
            else:
                return


@pytest.mark.parametrize("seed", range(40))
def test_whatever_happens_a_station_ends_up_with_the_list_that_is_wanted(seed: int) -> None:
    dice = random.Random(seed)
    home, keeper = Home(), Keeper(dice)
    limits = (
        row("LocalAuthListCtrlr", "Available", "true"),
        row("LocalAuthListCtrlr", "ItemsPerMessage", str(dice.randint(1, 4))),
    )
    home.meet(*limits)
    for _ in range(30):
        token = f"04{dice.randrange(8):02}"
        match dice.randrange(5):
            case 0 | 1:
                status = dice.choice(list(BadgeStatus))
                until = dice.choice([None, home.now.utc + timedelta(seconds=dice.randrange(600))])
                home.tell(SetBadge(Badge(token=token, kind=CARD, status=status, valid_until=until)))
            case 2:
                home.tell(RemoveBadge(token))
            case 3:
                home.leave()
                if dice.random() < 0.3:
                    keeper.known, keeper.number = {}, 0
                home.meet(*limits)
            case _:
                home.tell(f.Ticked(), dice.randrange(90))
        if dice.random() < 0.7:
            keeper.live(home)
    keeper.dice = random.Random(4)  # from here on in a good mood
    keeper.dice.random = lambda: 1.0  # type: ignore[method-assign]
    for _ in range(2):
        home.leave()
        home.meet(*limits)
        keeper.live(home)
        home.tell(f.Ticked(), 61)
        keeper.live(home)
    wanted = {}
    for badge in home.state.access.badges:
        answer = home.present(badge.token)
        wanted[badge.token] = str(answer.status)
    assert {token: entry.status for token, entry in keeper.known.items()} == wanted
    versions = [c.version for c in home.of(SendBadges)]
    assert versions == sorted(set(versions))
