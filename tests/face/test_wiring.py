"""A station's line is described and checked; pins and jumpers of its meter socket are shown as they are."""

from collections.abc import Iterator
from datetime import UTC
from http import HTTPStatus
from typing import Any
from unittest.mock import patch
from xml.etree import ElementTree as ET

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.mobilize_flex.configuration import SELECTOR_A, site_config
from custom_components.mobilize_flex.core.model.installation import CONDUCTORS, PORTS, TRANSFORMER_PINS, MeterPort
from custom_components.mobilize_flex.drawing import NAMES, TRANSFORMERS, drawing, pictured
from custom_components.mobilize_flex.flow_wiring import ROTATIONS
from tests.face.homes import DOMAIN, HOUSE, LANGUAGES, STATION, Part, home, part
from tests.face.test_subentries import live, only

SVG = "{http://www.w3.org/2000/svg}"
IMAGES = HOUSE.parents[1] / "docs" / "images"


@pytest.fixture(name="quiet", autouse=True)
def _quiet() -> Iterator[None]:
    """Keep sites from really starting: here only the questions count."""
    with patch("custom_components.mobilize_flex.async_setup_entry", return_value=True):
        yield


async def asked(hass: HomeAssistant, phases: int = 3, **stored: Any) -> tuple[MockConfigEntry, Part]:
    """Open the dialog about a station, a new one or one that is there."""
    there = [part("station", {**STATION, **stored}, "FLEX-1", name="Garage")] if stored else []
    site = await live(hass, home(*there, phases=phases))
    dialog = Part(hass, site, "station")
    await dialog.open("station-key" if stored else None)
    return site, dialog


def told(**installation: Any) -> dict[str, Any]:
    """Return the answers about a new station with its line."""
    return {"identity": "FLEX-1", "name": "Garage", "installation": installation}


async def test_a_line_that_belongs_together_is_kept(hass: HomeAssistant) -> None:
    site, dialog = await asked(hass)
    line = {"line_breaker_a": 40, "conductor_mm2": "10", "rotation": "231", "lead": "socket"}
    await dialog.fill(**told(**line), phases="3", selector="32")
    assert (await dialog.fill())["type"] is FlowResultType.CREATE_ENTRY
    data = only(site, "station").data
    assert {key: data[key] for key in line} == line
    assert "as_it_is" not in data
    (station,) = site_config(site, UTC).stations
    assert (station.rotation, station.selector_a, station.max_w) == ((1, 2, 0), 32.0, 32 * 230 * 3)


async def test_a_line_nobody_described_is_not_judged(hass: HomeAssistant) -> None:
    site, dialog = await asked(hass)
    assert (await dialog.fill(identity="FLEX-1", name="Garage"))["step_id"] == "secret"
    await dialog.fill()
    assert only(site, "station").data.keys() & {"line_breaker_a", "conductor_mm2", "rotation", "lead"} == set()
    (station,) = site_config(site, UTC).stations
    assert station.rotation is None


@pytest.mark.parametrize("position", SELECTOR_A)
async def test_a_selector_above_its_breaker_is_refused_whatever_is_ticked(hass: HomeAssistant, position: str) -> None:
    _, dialog = await asked(hass)
    breaker_a = SELECTOR_A[position] - 1
    page = await dialog.fill(**told(line_breaker_a=breaker_a, as_it_is=True), selector=position, fallback_a=6)
    assert page["errors"] == {"selector": "selector_above_breaker"}


@pytest.mark.parametrize(
    ("selector", "line", "errors"),
    [
        ("16", {"line_breaker_a": 32}, {"selector": "selector_below_breaker"}),
        ("X", {"line_breaker_a": 16}, {"selector": "selector_below_breaker"}),
        ("32", {"line_breaker_a": 40, "conductor_mm2": "6"}, {"installation": "section_below_breaker"}),
        ("32", {"conductor_mm2": "2.5"}, {"installation": "section_below_selector"}),
        (
            "12",
            {"line_breaker_a": 25, "conductor_mm2": "2.5"},
            {"selector": "selector_below_breaker", "installation": "section_below_breaker"},
        ),
    ],
)
async def test_what_disagrees_is_kept_on_the_owners_word_only(
    hass: HomeAssistant, selector: str, line: dict[str, Any], errors: dict[str, str]
) -> None:
    site, dialog = await asked(hass)
    page = await dialog.fill(**told(**line), selector=selector, fallback_a=6)
    assert page["errors"] == errors
    page = await dialog.fill(**told(**line, as_it_is=True), selector=selector, fallback_a=6)
    assert page["step_id"] == "secret"
    await dialog.fill()
    assert only(site, "station").data["selector"] == selector


async def test_what_was_kept_is_asked_again_once_it_changes(hass: HomeAssistant) -> None:
    site, dialog = await asked(hass, selector="16", line_breaker_a=32.0)
    assert dialog.suggested("installation", "line_breaker_a") == 32.0
    line = {"line_breaker_a": 32}
    same = {"name": "Carport", "selector": "16", "installation": line}
    assert (await dialog.fill(**same))["reason"] == "reconfigure_successful"
    await dialog.open("station-key")
    page = await dialog.fill(**{**same, "selector": "12"}, fallback_a=12)
    assert page["errors"] == {"selector": "selector_below_breaker"}
    page = await dialog.fill(**{**same, "installation": {}})
    assert page["reason"] == "reconfigure_successful"
    assert "line_breaker_a" not in only(site, "station").data


@pytest.mark.parametrize(
    ("home_phases", "phases", "rotation", "fits"),
    [
        (1, "1", "1", True),
        (1, "1", "2", False),
        (3, "1", "3", True),
        (3, "1", "123", False),
        (3, "3", "2", False),
        (3, "3", "321", True),
    ],
)
async def test_the_phases_a_station_stands_on_are_phases_of_the_home(
    hass: HomeAssistant, home_phases: int, phases: str, rotation: str, fits: bool
) -> None:
    _, dialog = await asked(hass, home_phases)
    page = await dialog.fill(**told(rotation=rotation), phases=phases)
    assert page["errors"] == (None if fits else {"installation": "rotation_unfit"})


@pytest.mark.parametrize("breaker_a", [0, 5, 126])
async def test_a_breaker_that_is_none_is_refused(hass: HomeAssistant, breaker_a: int) -> None:
    _, dialog = await asked(hass)
    page = await dialog.fill(**told(line_breaker_a=breaker_a, conductor_mm2="10"))
    assert page["errors"] == {"installation": "line_breaker_a_range"}


async def test_the_page_shows_the_guides_table(hass: HomeAssistant) -> None:
    _, dialog = await asked(hass)
    words = dialog.page["description_placeholders"]
    rows = words["conductors"].splitlines()[2:]
    assert rows == [f"| {row.section_mm2:g} | {row.torque_nm:g} | {row.breaker_a:g} |" for row in CONDUCTORS]
    assert (words["single"], words["three"]) == ("N, L1, PE", "N, L1, L2, L3, PE")


def test_every_rotation_has_its_words() -> None:
    for words in LANGUAGES.values():
        assert set(words["selector"]["rotation"]["options"]) == set(ROTATIONS)
        assert set(words["selector"]["lead"]["options"]) == {"fixed", "socket"}


# the meter's wiring


@pytest.mark.parametrize("port", list(MeterPort))
def test_a_drawing_shows_the_pins_and_jumpers_of_the_guide(port: MeterPort) -> None:
    picture = ET.fromstring(drawing(port))
    shown = [text.text or "" for text in picture.iter(f"{SVG}text")]
    assert [sign for sign in PORTS[port].pins.values() if sign not in shown] == []
    lit = [circle for circle in picture.iter(f"{SVG}circle") if circle.get("class") == "p on"]
    assert len(lit) == len(PORTS[port].pins)
    bridges = [rect for rect in picture.iter(f"{SVG}rect") if rect.get("class") == "j"]
    heights = {float(rect.get("y", "")) for rect in bridges}
    assert (len(bridges), heights) == (2, {41.0 + 28 * ((PORTS[port].jumpers[0] - 1) // 2)})


def test_the_transformers_have_their_pins() -> None:
    picture = ET.fromstring(drawing(TRANSFORMERS))
    lit = [circle for circle in picture.iter(f"{SVG}circle") if circle.get("class") == "p on"]
    assert len(lit) == 2 * len(TRANSFORMER_PINS)


@pytest.mark.parametrize("name", NAMES)
def test_the_documents_show_the_same_drawings(name: str) -> None:
    assert (IMAGES / f"wiring-{name}.svg").read_text() == drawing(name)


async def test_a_drawing_is_shown_to_whoever_asks(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    client = await hass_client_no_auth()
    for name in NAMES:
        answer = await client.get(pictured(name))
        assert (answer.status, answer.content_type) == (HTTPStatus.OK, "image/svg+xml")
        assert (await answer.text()).startswith("<svg ")
    assert (await client.get("/api/mobilize_flex/wiring/nothing.svg")).status == HTTPStatus.NOT_FOUND


async def test_a_meter_on_a_station_shows_every_wiring(hass: HomeAssistant) -> None:
    site = await live(hass, home(part("station", STATION, "FLEX-1"), phases=3))
    dialog = Part(hass, site, "meter")
    await dialog.open()
    page = await dialog.choose("station")
    assert page["description_placeholders"] == {name: pictured(name) for name in NAMES}
    for words in LANGUAGES.values():
        rows = words["config_subentries"]["meter"]["step"]["station"]["description"].splitlines()
        for port, wiring in PORTS.items():
            (row,) = [row for row in rows if f"({{{port}}})" in row]
            low, high = wiring.jumpers
            assert f"| {low}-{high} |" in row
            told = [cell.strip().partition(" ")[0] for cell in row.split("|")[2].split(",")]
            assert [pin for pin in told if pin.isdigit()] == [str(pin) for pin in sorted(wiring.pins)]


async def test_a_contact_shows_its_wiring(hass: HomeAssistant) -> None:
    site = await live(hass, home(phases=3))
    page = await Part(hass, site, "contacts").open()
    assert page["description_placeholders"] == {"drawing": pictured(MeterPort.ENWG)}


@pytest.mark.parametrize(
    ("kind", "pictures"),
    [
        ("linky", {"linky"}),
        ("p1", {"p1"}),
        ("modbus", {"rs485", "rs232"}),
        ("transformers", {"transformers"}),
        ("entity", {"none"}),
    ],
)
async def test_each_kind_of_meter_shows_its_wiring(hass: HomeAssistant, kind: str, pictures: set[str]) -> None:
    site = await live(hass, home(phases=3))
    dialog = Part(hass, site, "meter")
    await dialog.open()
    page = await dialog.choose(kind)
    shown = {words for words in page["description_placeholders"].values() if words.endswith(".svg")}
    assert shown == {pictured(name) for name in pictures}
    for words in LANGUAGES.values():
        text = words["config_subentries"]["meter"]["step"][kind]["description"]
        for name in pictures - {"transformers"}:
            low, high = PORTS[MeterPort(name)].jumpers
            assert f"{low}-{high}" in text
            for pin in PORTS[MeterPort(name)].pins:
                assert f"| {pin} |" in text
