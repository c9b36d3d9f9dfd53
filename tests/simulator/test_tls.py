"""How the station finds out who its controller is, and proves who it is itself."""

import asyncio
from pathlib import Path

import pytest

from simulator.home import HomeSettings
from simulator.network import PRIORITY
from simulator.ocpp_station import StationSettings
from simulator.quirks import Quirks
from tests.simulator.authority import Authority
from tests.simulator.controller import Scene
from tests.simulator.door import Door, living, until

pytestmark = pytest.mark.usefixtures("socket_enabled")

AUTHORITY = Authority()


def settings(**changes: object) -> HomeSettings:
    return HomeSettings(station=StationSettings(boot_s=0.3, **changes))  # type: ignore[arg-type]


async def test_a_station_that_trusts_the_authority_connects_with_its_password(tmp_path: Path) -> None:
    door = Door(context=AUTHORITY.server(tmp_path, "flex", "127.0.0.1"))
    async with living(door, settings(ca_file=str(tmp_path / "root.pem"))) as home:
        await until(lambda: home.snapshot().online)
        assert home.snapshot().security_profile == 2
        assert door.secrets == ["SIM-001:simulated-secret-1"]


@pytest.mark.parametrize(
    ("names", "trusted", "expected"),
    [
        (("192.0.2.1",), AUTHORITY, None),
        (("127.0.0.1",), Authority("Somebody else"), None),
        (("127.0.0.1",), AUTHORITY, "flex.local"),
    ],
)
async def test_a_controller_that_is_somebody_else_is_not_talked_to(
    tmp_path: Path, names: tuple[str, ...], trusted: Authority, expected: str | None
) -> None:
    door = Door(context=AUTHORITY.server(tmp_path, "flex", *names))
    (tmp_path / "trusted.pem").write_text(trusted.pem)
    async with living(door, settings(ca_file=str(tmp_path / "trusted.pem"), server_hostname=expected)) as home:
        await until(lambda: home.station.logs.security)
        assert "InvalidCsmsCertificate" in home.station.logs.security[0]
        assert door.connections == 0


async def test_the_name_expected_may_be_another_than_the_one_dialled(tmp_path: Path) -> None:
    door = Door(context=AUTHORITY.server(tmp_path, "flex.local", "flex.local"))
    one = settings(ca_file=str(tmp_path / "root.pem"), server_hostname="flex.local")
    async with living(door, one) as home:
        await until(lambda: home.snapshot().online)


@pytest.mark.parametrize(("common_name", "let_in"), [("127.0.0.1", True), ("flex", False)])
async def test_some_stations_insist_on_the_common_name(tmp_path: Path, common_name: str, let_in: bool) -> None:
    door = Door(context=AUTHORITY.server(tmp_path, common_name, "127.0.0.1"))
    own = StationSettings(ca_file=str(tmp_path / "root.pem"))
    one = HomeSettings(station=own, quirks=Quirks(insists_on_common_name=True))
    async with living(door, one) as home:
        await until(lambda: home.snapshot().online or home.station.logs.security)
        assert home.snapshot().online is let_in


async def test_an_authority_that_is_written_later_is_waited_for(tmp_path: Path) -> None:
    door = Door(context=AUTHORITY.server(tmp_path, "flex", "127.0.0.1"))
    own = StationSettings(ca_file=str(tmp_path / "later.pem"))
    async with living(door, HomeSettings(station=own, quirks=Quirks(fast_back_off=True)), speed=10) as home:
        (tmp_path / "later.pem").write_text("half a certifi")
        await asyncio.sleep(0.5)
        assert not home.snapshot().online
        (tmp_path / "later.pem").write_text(AUTHORITY.pem)
        await until(lambda: home.snapshot().online)


async def test_a_station_with_a_certificate_needs_no_password(tmp_path: Path) -> None:
    door = Door(context=AUTHORITY.server(tmp_path, "flex", "127.0.0.1", clients=True))
    root, leaf, key = AUTHORITY.files(tmp_path, "SIM-001")
    async with living(door, settings(ca_file=root, client_cert_file=leaf, client_key_file=key)) as home:
        await until(lambda: home.snapshot().online)
        assert (home.snapshot().security_profile, door.secrets, door.names) == (3, [None], ["SIM-001"])


async def test_a_renewed_certificate_is_shown_on_the_next_connection(tmp_path: Path) -> None:
    door = Door(context=AUTHORITY.server(tmp_path, "flex", "127.0.0.1", clients=True))
    root, leaf, key = AUTHORITY.files(tmp_path, "old")
    async with living(door, settings(ca_file=root, client_cert_file=leaf, client_key_file=key)) as home:
        await until(lambda: home.snapshot().online)
        await door.ask("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"})
        await until(lambda: door.controller.of("SignCertificate"))
        [asked] = door.controller.of("SignCertificate")
        chain = AUTHORITY.signed(asked["csr"])
        assert await door.ask("CertificateSigned", {"certificateChain": chain}) == {"status": "Accepted"}
        await until(lambda: door.connections == 2)
        assert door.names == ["old", "SIM0000001"]
        assert len(door.controller.of("BootNotification")) == 1


async def test_the_way_up_to_a_secured_line_has_no_way_back(tmp_path: Path) -> None:
    plain, secured = Door(), Door(context=AUTHORITY.server(tmp_path, "flex", "127.0.0.1"))
    await secured.open()
    async with living(plain, settings()) as home:
        await until(lambda: home.snapshot().online)
        root = {"certificateType": "CSMSRootCertificate", "certificate": AUTHORITY.pem}
        slot = {"configurationSlot": 2, "connectionData": way(secured.url, 2)}
        priority = {
            "component": {"name": "OCPPCommCtrlr"},
            "variable": {"name": "NetworkConfigurationPriority"},
            "attributeValue": "2",
        }
        assert await plain.ask("SetNetworkProfile", slot) == {"status": "Accepted"}
        [early] = (await plain.ask("SetVariables", {"setVariableData": [priority]}))["setVariableResult"]
        assert early["attributeStatus"] == "Rejected"
        assert await plain.ask("InstallCertificate", root) == {"status": "Accepted"}
        [ready] = (await plain.ask("SetVariables", {"setVariableData": [priority]}))["setVariableResult"]
        assert ready["attributeStatus"] == "RebootRequired"
        assert await plain.ask("Reset", {"type": "Immediate"}) == {"status": "Accepted"}
        await until(lambda: secured.controller.of("BootNotification"))
        assert secured.controller.of("BootNotification")[0]["reason"] == "RemoteReset"
        await until(lambda: home.snapshot().online)
        down = {"configurationSlot": 1, "connectionData": way(plain.url, 1)}
        assert (await secured.ask("SetNetworkProfile", down))["status"] == "Rejected"
        assert home.snapshot().security_profile == 2
    await secured.close()


async def test_a_new_password_is_used_at_once(tmp_path: Path) -> None:
    door = Door()
    async with living(door, settings()) as home:
        await until(lambda: home.snapshot().online)
        place = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
        write = {**place, "attributeValue": "another-secret-of-32-characters!"}
        [result] = (await door.ask("SetVariables", {"setVariableData": [write]}))["setVariableResult"]
        assert result["attributeStatus"] == "Accepted"
        await until(lambda: door.connections == 2)
        assert door.secrets[1] == "SIM-001:another-secret-of-32-characters!"


def way(url: str, profile: int) -> dict[str, object]:
    return {
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppCsmsUrl": url,
        "messageTimeout": 30,
        "securityProfile": profile,
        "ocppInterface": "Wired0",
    }


def test_a_way_that_leads_nowhere_is_left_for_the_next_one() -> None:
    one = Scene(HomeSettings())
    network = one.home.station.network
    network.set_factory("ws://127.0.0.1:1")
    slot = {"configurationSlot": 2, "connectionData": {**way("ws://127.0.0.1:2", 1), "identity": "OTHER"}}
    assert one.ask("SetNetworkProfile", slot) == {"status": "Accepted"}
    assert network.may_follow("2,1")
    one.home.station.model.variables[PRIORITY].value = "2,1"
    network.restarted()
    first = network.dial()
    for _ in range(3):
        network.failed()
    second = network.dial()
    assert first is not None
    assert second is not None
    assert (first.url, second.url) == ("ws://127.0.0.1:2/OTHER", "ws://127.0.0.1:1/SIM-001")


@pytest.mark.parametrize(
    ("slot", "changes"),
    [(9, {}), (2, {"ocppTransport": "SOAP"}), (2, {"ocppCsmsUrl": "wss://x"}), (2, {"securityProfile": 0})],
)
def test_a_way_that_makes_no_sense_is_refused(slot: int, changes: dict[str, object]) -> None:
    one = Scene(HomeSettings())
    asked = {"configurationSlot": slot, "connectionData": {**way("ws://127.0.0.1:1", 1), **changes}}
    assert one.ask("SetNetworkProfile", asked)["status"] == "Rejected"
