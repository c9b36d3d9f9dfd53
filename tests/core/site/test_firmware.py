"""An update of a station's program, from the offer to the next boot, with and without us."""

from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from custom_components.mobilize_flex.core.lamp import View, lamp
from custom_components.mobilize_flex.core.ledger.codec import from_plain, to_json
from custom_components.mobilize_flex.core.model import facts as f, intents as i
from custom_components.mobilize_flex.core.model.commands import AskToSend, Trigger
from custom_components.mobilize_flex.core.model.firmware import (
    FAILURES,
    FirmwareOffer,
    FirmwareState,
    FirmwareStatus as S,
    UpdateFirmware,
)
from custom_components.mobilize_flex.core.model.logs import LogStatus
from custom_components.mobilize_flex.core.model.session import Activity, Phase
from custom_components.mobilize_flex.core.model.station import ConnectorStatus, EventKind, Version
from custom_components.mobilize_flex.core.model.upkeep import UpkeepAnswer
from custom_components.mobilize_flex.core.site import glance, kept_type, restore

from .test_step import CONFIG, T0, Home

OFFER = FirmwareOffer(version="2", source_url="https://files.example/fw.bin", signing_certificate="c", signature="s")
REQUEST = 500


class Updating(Home):
    """A home whose station is to be updated."""

    @property
    def firmware(self) -> FirmwareState:
        return self.state.stations["ST1"].firmware

    def offer(self, offer: FirmwareOffer | None = OFFER) -> None:
        self.tell(i.OfferFirmware("ST1", offer))

    def answer(self, status: str = "Accepted", *, yes: bool = True, number: int = REQUEST) -> None:
        task = UpdateFirmware(request_id=number, offer=OFFER, retrieve_at=T0)
        self.tell(f.UpkeepDone(station="ST1", task=task, answer=UpkeepAnswer(status=status, accepted=yes)))

    def hear(self, *statuses: S, number: int | None = REQUEST) -> None:
        for status in statuses:
            self.tell(f.FirmwareReported(station="ST1", status=status, request_id=number), 5)

    def reboot(self, firmware: str | None, reason: str = "FirmwareUpdate", away_s: float = 60.0) -> None:
        link = self.state.stations["ST1"].link
        self.tell(f.StationDisconnected(station="ST1", link=link))
        self.tell(f.StationConnected(station="ST1", version=Version.V21, link=link + 1), away_s)
        boot = f.StationBooted(
            call=self.call(), station="ST1", vendor="V", model="M", serial="S", firmware=firmware, reason=reason
        )
        self.tell(boot)
        self.tell(f.Ticked(), 2)

    def keep_ticking(self, minutes: int) -> None:
        for _ in range(minutes):
            self.tell(f.Ticked(), 60)

    def light(self) -> str:
        station = self.state.stations["ST1"]
        return lamp(View(station=station, evse=station.evses[1], v2g_wanted=True)).name

    @property
    def activity(self) -> Activity:
        return glance(self.state, "ST1", 1, self.now).activity


@pytest.fixture
def home() -> Updating:
    home = Updating()
    home.dial_in()
    return home


def test_an_update_goes_from_the_answer_to_the_new_version(home: Updating) -> None:
    home.offer()
    assert (home.firmware.offer, home.firmware.status) == (OFFER, None)
    home.answer()
    assert (home.firmware.status, home.firmware.under_way) == (S.ACCEPTED, True)
    seen = []
    for status in (S.DOWNLOADING, S.DOWNLOADED, S.SIGNATURE_VERIFIED, S.INSTALLING, S.INSTALL_REBOOTING):
        home.hear(status)
        assert home.firmware.under_way
        seen.append(home.firmware.progress_pct)
    assert seen == [17, 33, 50, 67, 83]
    home.reboot("2")
    assert (home.firmware.status, home.firmware.offer, home.firmware.failure) == (S.INSTALLED, None, None)
    home.hear(S.INSTALLED)
    assert not home.firmware.under_way
    assert home.state.stations["ST1"].memory.firmware == "2"


def test_an_update_ends_by_the_word_of_the_station_too(home: Updating) -> None:
    home.offer()
    home.answer()
    home.hear(S.DOWNLOADING, S.INSTALLING, S.INSTALLED)
    assert (home.firmware.status, home.firmware.offer) == (S.INSTALLED, None)


def test_what_a_station_says_before_its_answer_counts(home: Updating) -> None:
    home.offer()
    home.hear(S.DOWNLOADING)
    home.answer()
    assert (home.firmware.status, home.firmware.request_id) == (S.DOWNLOADING, REQUEST)


def test_a_refusal_changes_nothing(home: Updating) -> None:
    home.offer()
    before = home.firmware
    home.answer("InvalidCertificate", yes=False)
    assert home.firmware == before


@pytest.mark.parametrize("failure", sorted(FAILURES - {S.SILENT}))
def test_a_failure_ends_the_update_and_stays_until_the_next(home: Updating, failure: S) -> None:
    home.offer()
    home.answer()
    home.hear(S.DOWNLOADING, failure)
    assert (home.firmware.status, home.firmware.failure) == (failure, failure)
    assert (home.firmware.under_way, home.firmware.offer) == (False, OFFER)
    home.hear(S.IDLE)
    assert home.firmware.failure is failure
    home.answer(number=REQUEST + 1)
    assert (home.firmware.status, home.firmware.failure) == (S.ACCEPTED, None)


@pytest.mark.parametrize("status", [S.DOWNLOAD_SCHEDULED, S.INSTALL_SCHEDULED])
def test_what_is_only_scheduled_is_not_under_way_and_may_rest_for_a_day(home: Updating, status: S) -> None:
    home.answer()
    home.hear(status)
    home.keep_ticking(60 * 24)
    assert (home.firmware.status, home.firmware.under_way) == (status, False)
    assert home.activity is Activity.NOT_CONNECTED


@pytest.mark.parametrize("status", [S.ACCEPTED, S.DOWNLOADING, S.DOWNLOAD_PAUSED, S.INSTALLING, S.INSTALL_REBOOTING])
def test_an_update_nobody_hears_of_for_half_an_hour_is_no_longer_under_way(home: Updating, status: S) -> None:
    home.answer()
    if status is not S.ACCEPTED:
        home.hear(status)
    home.keep_ticking(30)
    assert home.firmware.under_way
    home.keep_ticking(1)
    assert (home.firmware.status, home.firmware.failure, home.firmware.under_way) == (S.SILENT, S.SILENT, False)


def test_a_silent_update_comes_back_with_the_next_word_or_the_next_boot(home: Updating) -> None:
    home.offer()
    home.answer()
    home.keep_ticking(40)
    home.hear(S.DOWNLOADED)
    assert (home.firmware.under_way, home.firmware.failure) == (True, None)
    home.keep_ticking(40)
    home.reboot("2", reason="PowerUp")
    assert (home.firmware.status, home.firmware.failure, home.firmware.offer) == (S.INSTALLED, None, None)


@pytest.mark.parametrize("number", [None, 0, 7])
def test_a_station_that_updates_by_itself_is_shown_and_keeps_the_offer(home: Updating, number: int | None) -> None:
    home.offer()
    home.hear(S.DOWNLOADING, S.INSTALLING, number=number)
    assert (home.firmware.status, home.firmware.request_id) == (S.INSTALLING, None)
    home.reboot("1.5")
    home.hear(S.INSTALLED, number=number)
    assert (home.firmware.status, home.firmware.offer) == (S.INSTALLED, OFFER)


def test_an_update_by_itself_to_what_was_offered_needs_no_offer_any_more(home: Updating) -> None:
    home.offer()
    home.reboot("2", reason="PowerUp")
    assert home.firmware.offer is None


def test_the_end_of_an_update_that_ours_replaced_is_no_news(home: Updating) -> None:
    home.answer(number=REQUEST)
    home.hear(S.DOWNLOADING)
    home.answer("AcceptedCanceled", number=REQUEST + 1)
    home.hear(S.DOWNLOAD_FAILED, number=REQUEST)
    assert (home.firmware.status, home.firmware.failure) == (S.ACCEPTED, None)


def test_a_late_word_of_an_old_update_does_not_take_a_new_offer_away(home: Updating) -> None:
    home.offer()
    home.answer()
    home.hear(S.INSTALLING)
    home.reboot("2")
    newer = replace(OFFER, version="3")
    home.offer(newer)
    home.hear(S.INSTALLED)
    assert home.firmware.offer == newer


def test_the_car_is_neither_lost_nor_counted_twice_when_the_station_restarts(home: Updating) -> None:
    home.plug_in()
    home.keep_alive(30, 3000.0)
    assert home.phase is Phase.V2G
    home.hear(S.DOWNLOADING, number=None)
    home.hear(S.INSTALLING, S.INSTALL_REBOOTING, number=None)
    unavailable = f.ConnectorChanged(
        station="ST1", evse=1, connector=1, status=ConnectorStatus.UNAVAILABLE, at=home.now.utc
    )
    home.tell(unavailable)
    assert home.phase is Phase.V2G
    home.reboot("1.5")
    home.tell(replace(unavailable, status=ConnectorStatus.OCCUPIED))
    home.tell(home.event(EventKind.UPDATED, 9, samplings=home.samples(0), trigger="MeterValuePeriodic"))
    assert [s.transaction for s in home.state.sessions.values()] == ["tx-1"]
    session = next(iter(home.state.sessions.values()))
    assert session.ended_at is None
    assert home.state.stations["ST1"].evses[1].session == session.key
    assert home.phase is Phase.V2G


def test_an_update_shows_as_such_and_never_as_a_fault(home: Updating) -> None:
    home.plug_in()
    home.hear(S.INSTALLING, number=None)
    home.tell(
        f.ConnectorChanged(station="ST1", evse=1, connector=1, status=ConnectorStatus.UNAVAILABLE, at=home.now.utc)
    )
    assert (home.activity, home.light()) == (Activity.UPDATING, "yellow_blinking")
    assert home.phase is not Phase.FAULT
    assert not home.state.stations["ST1"].evses[1].problems
    home.hear(S.INSTALL_REBOOTING, number=None)
    assert (home.activity, home.light()) == (Activity.UPDATING, "white_blinking")
    home.tell(f.StationDisconnected(station="ST1", link=1))
    assert (home.activity, home.light()) == (Activity.UPDATING, "white")


def test_a_download_does_not_hide_a_car_that_charges(home: Updating) -> None:
    home.plug_in()
    home.tell(home.event(EventKind.UPDATED, 2, samplings=home.samples(3000.0)))
    home.hear(S.DOWNLOADING)
    assert (home.activity, home.light()) == (Activity.CHARGING, "green_descending")


def test_a_station_that_comes_back_in_the_middle_of_an_update_is_asked_about_it(home: Updating) -> None:
    home.answer()
    home.hear(S.DOWNLOADING)
    home.sent.clear()
    home.tell(f.StationDisconnected(station="ST1", link=1))
    home.tell(f.StationConnected(station="ST1", version=Version.V21, link=2), 30)
    home.tell(f.Ticked(), 4)
    assert Trigger.FIRMWARE in {c.what for c in home.of(AskToSend)}
    home.hear(S.IDLE, number=None)
    assert (home.firmware.status, home.firmware.under_way) == (S.IDLE, False)


def test_nobody_is_asked_about_an_update_that_is_not(home: Updating) -> None:
    assert Trigger.FIRMWARE not in {c.what for c in home.of(AskToSend)}


def test_offer_and_update_survive_a_restart_of_ours(home: Updating) -> None:
    home.offer(replace(OFFER, install_at=T0 + timedelta(hours=4)))
    home.answer()
    home.hear(S.INSTALLING)
    kept = {k.key: k.value for k in home.last.keeps}
    kind = kept_type("firmware/ST1")
    assert kind is FirmwareState
    again = from_plain(kind, orjson.loads(to_json(kept["firmware/ST1"])))
    state = restore(CONFIG, {"firmware/ST1": again})
    assert state.stations["ST1"].firmware == home.firmware


def test_an_offer_to_nobody_is_refused_and_one_can_be_taken_back(home: Updating) -> None:
    refused = home.tell(i.OfferFirmware("ELSE", OFFER)).refusal
    assert refused is not None
    assert refused.key == "station_unknown"
    home.offer()
    home.offer(None)
    assert home.firmware.offer is None


def test_the_last_word_of_an_upload_is_kept(home: Updating) -> None:
    home.tell(f.LogReported(station="ST1", status=LogStatus.UPLOADING, request_id=3))
    log = home.state.stations["ST1"].log
    assert (log.status, log.request_id, log.since) == (LogStatus.UPLOADING, 3, home.now.utc)
