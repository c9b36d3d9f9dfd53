"""What one may ask of the demo, and what it tells in return."""

from pathlib import Path

import pytest

from demo.folder import Notes
from demo.line import Line
from demo.options import OutsideStation, read


def test_encryption_and_benches_are_asked_for() -> None:
    chosen = read(["--tls", "--client-certs", "--bench"])
    assert (chosen.tls, chosen.client_certs, chosen.bench) == (True, True, True)
    usual = read([])
    assert (usual.tls, usual.client_certs, usual.bench) == (False, False, False)


@pytest.mark.parametrize("meter", ["linky", "p1", "modbus"])
def test_the_meter_at_the_door_is_asked_for(meter: str) -> None:
    assert read([]).meter == "linky"
    assert read(["--meter", meter]).meter == meter


def test_certificates_of_stations_need_encryption(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read(["--client-certs"])
    assert "--tls" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "station"),
    [
        ("CS-1:a-password-of-16-signs", OutsideStation("CS-1", "a-password-of-16-signs")),
        ("CS-1:a-password-of-16-signs:ocpp2.1", OutsideStation("CS-1", "a-password-of-16-signs", "ocpp2.1")),
        ("CS-1:a:password:of:16:signs:ocpp2.0.1", OutsideStation("CS-1", "a:password:of:16:signs", "ocpp2.0.1")),
        ("CS-1:a-password-of-16-signs:ocpp1.6", OutsideStation("CS-1", "a-password-of-16-signs:ocpp1.6")),
    ],
)
def test_a_station_may_be_held_to_one_protocol(text: str, station: OutsideStation) -> None:
    assert read(["--station", text]).stations == (station,)


def test_how_stations_dialled_is_found_again(tmp_path: Path) -> None:
    lines = {"CS-1": Line("a-password", 3, "ocpp2.0.1"), "CS-2": Line("another", 1)}
    notes = Notes(password="owner")
    notes.remember(lines)
    notes.write(tmp_path)
    again = Notes.read(tmp_path)
    assert again is not None
    assert again.known() == lines


def test_notes_of_an_earlier_release_are_read(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text('{"port": 8123, "stations": {"CS-1": "a-password"}}')
    notes = Notes.read(tmp_path)
    assert notes is not None
    assert notes.known() == {}
