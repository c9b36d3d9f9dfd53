"""Who may come in: by password, by certificate, encrypted, and never again less safely than before."""

import asyncio
from pathlib import Path
import ssl
from typing import Any

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
import pytest

from tests.face.homes import free_port
from tests.simulator.authority import Authority

from .lab import ID, SECRET, Json, Lab, Station

NEW = "another-password-of-the-laboratory"
PASSWORD: Json = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
PRIORITY: Json = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "NetworkConfigurationPriority"}}
YES: Json = {"status": "Accepted"}

type Secret = tuple[str, str]
"""A certificate chain and its key, in PEM."""


async def turned_away(lab: Lab, **how: Any) -> int:
    """Return with which status a station is turned away."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as error:
        await lab.dial(**how)
    return error.value.status


async def dropped(lab: Lab, **how: Any) -> None:
    """Hold that the home ends the connection, and not the station, before anything is said."""
    with pytest.raises((aiohttp.ClientConnectionError, ConnectionError)) as error:
        await lab.dial(**how)
    cause = getattr(error.value, "os_error", error.value)
    assert isinstance(cause, (ConnectionError, aiohttp.ServerDisconnectedError)) or "ALERT" in str(cause)
    assert not lab.state.online


async def trusting(lab: Lab, folder: Path | None = None, secret: Secret | None = None) -> ssl.SSLContext:
    """Return how a station encrypts that trusts the home, and shows a certificate if it has one."""
    context = ssl.create_default_context(cadata=(await lab.act("get_ca_certificate"))["pem"])
    if folder is not None and secret is not None:
        file = folder / "both.pem"
        file.write_text("".join(secret))
        context.load_cert_chain(file)
    return context


def wss(lab: Lab, port: int | None = None) -> str:
    """Return where to dial encrypted."""
    return f"wss://127.0.0.1:{port or lab.port}/{ID}"


def request() -> Secret:
    """Return a request for a certificate and the key it belongs to, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, ID)])
    asked = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    form = serialization.PrivateFormat.PKCS8
    return asked.public_bytes(pem).decode(), key.private_bytes(pem, form, serialization.NoEncryption()).decode()


# passwords


@pytest.mark.octt("A_01")
async def test_the_right_password_opens_the_door(lab: Lab) -> None:
    await lab.open()
    station = await lab.booted()
    assert (station.version, lab.state.online) == ("ocpp2.0.1", True)


@pytest.mark.octt("A_02", "A_03")
@pytest.mark.parametrize("who", [{"user": "LAB-2"}, {"user": ""}, {"password": NEW}, {"password": ""}])
async def test_another_name_or_a_wrong_password_does_not(lab: Lab, who: dict[str, str]) -> None:
    await lab.open(others=["LAB-2"])
    assert await turned_away(lab, **who) == 401
    assert not lab.state.online


async def handed_over(lab: Lab, station: Station, verdict: str) -> asyncio.Task[Any]:
    """Give a station another password, to which it says yes or no."""
    task = lab.act("set_station_password", password=NEW)
    rows = [PASSWORD | {"attributeStatus": verdict}]
    asked = await station.answer("SetVariables", {"setVariableResult": rows})
    assert asked == {"setVariableData": [PASSWORD | {"attributeValue": NEW}]}
    return task


@pytest.mark.octt("A_09")
async def test_a_new_password_the_station_came_back_with_is_the_only_one(lab: Lab) -> None:
    await lab.open()
    station = await lab.booted()
    await (await handed_over(lab, station, "Accepted"))
    await station.close()
    station = await lab.booted(password=NEW)
    await station.close()
    assert await turned_away(lab, password=SECRET) == 401
    assert (await lab.dial(password=NEW)).version == "ocpp2.0.1"


@pytest.mark.octt("A_10")
async def test_a_password_the_station_does_not_take_changes_nothing(lab: Lab) -> None:
    await lab.open()
    station = await lab.booted()
    error = await lab.fails(await handed_over(lab, station, "Rejected"))
    assert (error.translation_key, NEW in str(error)) == ("password_refused", False)
    await station.close()
    assert await turned_away(lab, password=NEW) == 401
    assert (await lab.dial(password=SECRET)).version == "ocpp2.0.1"


# encryption


@pytest.mark.octt("A_04")
async def test_a_station_that_trusts_the_home_comes_in_encrypted(lab: Lab) -> None:
    await lab.open(security="tls")
    station = await lab.booted(url=wss(lab), ssl=await trusting(lab))
    assert (await station.call("Heartbeat"))["currentTime"]
    assert lab.state.proven_profile == 2


@pytest.mark.octt("A_06")
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
async def test_a_station_too_old_for_tls_12_is_dropped(lab: Lab) -> None:
    await lab.open(security="tls")
    context = await trusting(lab)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    await dropped(lab, url=wss(lab), ssl=context)


# certificates


@pytest.mark.octt("A_07")
async def test_a_certificate_of_ours_is_enough(lab: Lab, tmp_path: Path) -> None:
    await lab.open({"security_profile": 3}, security="tls")
    issued = await lab.act("issue_station_certificate")
    context = await trusting(lab, tmp_path, (issued["certificate"], issued["private_key"]))
    await lab.booted(url=wss(lab), ssl=context, password="")
    assert lab.state.proven_profile == 3


@pytest.mark.octt("A_08")
async def test_a_certificate_that_is_not_the_stations_own_does_not_open_the_door(lab: Lab, tmp_path: Path) -> None:
    await lab.open({"security_profile": 3}, security="tls", others=["LAB-2"])
    issued = await lab.act("issue_station_certificate", station="LAB-2")
    neighbour = await trusting(lab, tmp_path, (issued["certificate"], issued["private_key"]))
    assert await turned_away(lab, url=wss(lab), ssl=neighbour) == 401
    stranger = await trusting(lab)
    _, leaf, key = Authority("Elsewhere").files(tmp_path, ID)
    stranger.load_cert_chain(leaf, key)
    await dropped(lab, url=wss(lab), ssl=stranger)
    assert await turned_away(lab, url=wss(lab), ssl=await trusting(lab)) == 403
    assert not lab.state.online


async def asked_to_sign(lab: Lab, station: Station, csr: str) -> None:
    """Have a station ask for its own certificate."""
    task = lab.act("trigger_message", message="SignChargingStationCertificate")
    asked = await station.answer("TriggerMessage", YES)
    assert asked == {"requestedMessage": "SignChargingStationCertificate"}
    await task
    wanted = {"csr": csr, "certificateType": "ChargingStationCertificate"}
    assert await station.call("SignCertificate", wanted) == YES


@pytest.mark.octt("A_11")
async def test_a_station_asks_for_a_certificate_and_comes_back_with_it(lab: Lab, tmp_path: Path) -> None:
    await lab.open(security="tls")
    station = await lab.booted(url=wss(lab), ssl=await trusting(lab))
    csr, key = request()
    await asked_to_sign(lab, station, csr)
    brought = await station.answer("CertificateSigned", YES)
    assert brought["certificateType"] == "ChargingStationCertificate"
    assert brought["certificateChain"].count("BEGIN CERTIFICATE") == 2
    await station.close()
    first = await trusting(lab, tmp_path, (brought["certificateChain"], key))
    station = await lab.booted(url=wss(lab), ssl=first, password="")
    assert lab.state.proven_profile == 3
    # and once more, as it will be done every year
    csr, key = request()
    await asked_to_sign(lab, station, csr)
    brought = await station.answer("CertificateSigned", YES)
    await station.close()
    second = await trusting(lab, tmp_path, (brought["certificateChain"], key))
    await lab.booted(url=wss(lab), ssl=second, password="")
    assert await turned_away(lab, url=wss(lab), ssl=first, password="") == 401


@pytest.mark.octt("A_14")
async def test_a_certificate_the_station_does_not_take_is_not_pressed_on_it(lab: Lab) -> None:
    await lab.open(security="tls")
    station = await lab.booted(url=wss(lab), ssl=await trusting(lab))
    await asked_to_sign(lab, station, request()[0])
    await station.answer("CertificateSigned", {"status": "Rejected"})
    event = {"type": "InvalidChargingStationCertificate", "timestamp": "2026-11-22T09:00:00Z"}
    assert await station.call("SecurityEventNotification", event) == {}
    await station.nothing_asked()
    assert (await station.call("Heartbeat"))["currentTime"]


@pytest.mark.octt("A_12")
async def test_certificates_for_plug_and_charge_are_not_ours_to_sign(lab: Lab) -> None:
    await lab.open()
    station = await lab.booted()
    task = lab.act("trigger_message", message="SignV2GCertificate")
    assert await station.answer("TriggerMessage", YES) == {"requestedMessage": "SignV2GCertificate"}
    await task
    wanted = {"csr": request()[0], "certificateType": "V2GCertificate"}
    assert (await station.call("SignCertificate", wanted))["status"] == "Rejected"
    await station.nothing_asked()


@pytest.mark.octt("A_13")
async def test_a_certificate_for_all_purposes_is_signed_as_the_stations_own(lab: Lab) -> None:
    await lab.open(security="tls")
    station = await lab.booted(url=wss(lab), ssl=await trusting(lab))
    assert await station.call("SignCertificate", {"csr": request()[0]}) == YES
    assert (await station.answer("CertificateSigned", YES)).keys() == {"certificateChain"}


# up, never down


@pytest.mark.octt("A_19")
async def test_a_station_is_brought_up_to_encryption_and_never_comes_down_again(lab: Lab) -> None:
    secure = free_port()
    await lab.open(security="both", tls_port=secure)
    station = await lab.booted()
    task = lab.act("upgrade_station_security")
    brought = await station.answer("InstallCertificate", YES)
    assert brought["certificateType"] == "CSMSRootCertificate"
    row = PRIORITY | {"attributeStatus": "Accepted", "attributeValue": "1"}
    await station.answer("GetVariables", {"getVariableResult": [row]})
    slot = await station.answer("SetNetworkProfile", YES)
    assert slot["configurationSlot"] != 1
    assert slot["connectionData"]["securityProfile"] == 2
    assert slot["connectionData"]["ocppCsmsUrl"] == f"wss://127.0.0.1:{secure}"
    row = PRIORITY | {"attributeStatus": "RebootRequired"}
    asked = await station.answer("SetVariables", {"setVariableResult": [row]})
    assert asked["setVariableData"][0]["attributeValue"] == f"{slot['configurationSlot']},1"
    assert await station.answer("Reset", YES) == {"type": "OnIdle"}
    await station.close()
    context = ssl.create_default_context(cadata=brought["certificate"])
    station = await lab.booted(url=wss(lab, secure), ssl=context)
    assert (await task)["security_profile"] == 2
    await station.close()
    assert await turned_away(lab) == 403
    assert (await lab.dial(url=wss(lab, secure), ssl=context)).version == "ocpp2.0.1"
