"""Whom a station trusts: roots installed, listed and taken away; what is the business of paid charging is declined."""

import asyncio
from typing import Any

import pytest

from .lab import Json, Lab, Station

ACCEPTED: Json = {"status": "Accepted"}
ROOT = "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUBbYy\n-----END CERTIFICATE-----"
HASH: Json = {"hashAlgorithm": "SHA512", "issuerNameHash": "ab" * 8, "issuerKeyHash": "cd" * 8, "serialNumber": "1f"}


def chain(kind: str, **more: Any) -> Json:
    """Return a certificate as a station lists it."""
    return {"certificateType": kind, "certificateHashData": HASH} | more


# installed


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("CSMSRootCertificate", marks=pytest.mark.octt("M_01")),
        pytest.param("ManufacturerRootCertificate", marks=pytest.mark.octt("M_02")),
        pytest.param("V2GRootCertificate", marks=pytest.mark.octt("M_03")),
        pytest.param("MORootCertificate", marks=pytest.mark.octt("M_04")),
    ],
)
async def test_a_station_is_given_a_root_to_trust(lab: Lab, kind: str) -> None:
    station = await lab.ready()
    work = lab.act("install_certificate", kind=kind, certificate=ROOT)
    asked = await station.answer("InstallCertificate", ACCEPTED)
    assert asked == {"certificateType": kind, "certificate": ROOT}
    assert (await work)["status"] == "Accepted"


@pytest.mark.octt("M_05")
@pytest.mark.parametrize(("status", "words"), [("Failed", "task_failed"), ("Rejected", "task_rejected")])
async def test_a_root_a_station_does_not_take_is_an_error_in_words(lab: Lab, status: str, words: str) -> None:
    station = await lab.ready()
    work = lab.act("install_certificate", kind="CSMSRootCertificate", certificate=ROOT)
    await station.answer("InstallCertificate", {"status": status})
    assert (await lab.fails(work)).translation_key == words


# listed


@pytest.mark.parametrize(
    "kinds",
    [
        pytest.param(["CSMSRootCertificate"], marks=pytest.mark.octt("M_12")),
        pytest.param(["ManufacturerRootCertificate"], marks=pytest.mark.octt("M_13")),
        pytest.param(["V2GRootCertificate"], marks=pytest.mark.octt("M_14")),
        pytest.param(["MORootCertificate"], marks=pytest.mark.octt("M_16")),
        pytest.param(["ManufacturerRootCertificate", "CSMSRootCertificate"], marks=pytest.mark.octt("M_17")),
        pytest.param([], marks=pytest.mark.octt("M_18")),
    ],
)
async def test_what_a_station_trusts_is_listed(lab: Lab, kinds: list[str]) -> None:
    station = await lab.ready()
    work = lab.act("get_certificates", kinds=kinds)
    rows = [chain(kind) for kind in kinds or ["CSMSRootCertificate", "MORootCertificate"]]
    answer = ACCEPTED | {"certificateHashDataChain": rows}
    asked = await station.answer("GetInstalledCertificateIds", answer)
    assert asked == ({"certificateType": kinds} if kinds else {})
    assert (await work)["certificates"] == rows


@pytest.mark.octt("M_15")
async def test_the_chain_of_a_station_that_speaks_to_cars_is_listed(lab: Lab) -> None:
    station = await lab.ready()
    work = lab.act("get_certificates", kinds=["V2GCertificateChain"])
    rows = [chain("V2GCertificateChain", childCertificateHashData=[HASH | {"serialNumber": "20"}])]
    asked = await station.answer("GetInstalledCertificateIds", ACCEPTED | {"certificateHashDataChain": rows})
    assert asked == {"certificateType": ["V2GCertificateChain"]}
    assert (await work)["certificates"] == rows


@pytest.mark.octt("M_19")
async def test_a_station_may_trust_nobody(lab: Lab) -> None:
    station = await lab.ready()
    work = lab.act("get_certificates", kinds=["ManufacturerRootCertificate"])
    await station.answer("GetInstalledCertificateIds", {"status": "NotFound"})
    told = await work
    assert told["status"] == "NotFound"
    assert not told.get("certificates")


# taken away


async def deletes(lab: Lab, station: Station, status: str) -> asyncio.Task[Any]:
    """List a certificate, and take it away by the name the station gave it."""
    work = lab.act("get_certificates")
    rows = [chain("ManufacturerRootCertificate")]
    await station.answer("GetInstalledCertificateIds", ACCEPTED | {"certificateHashDataChain": rows})
    work = lab.act("delete_certificate", certificate=(await work)["certificates"][0]["certificateHashData"])
    assert await station.answer("DeleteCertificate", {"status": status}) == {"certificateHashData": HASH}
    return work


@pytest.mark.octt("M_20")
async def test_a_certificate_is_taken_away_by_the_hashes_the_station_made(lab: Lab) -> None:
    work = await deletes(lab, await lab.ready(), "Accepted")
    assert (await work)["status"] == "Accepted"


@pytest.mark.octt("M_21")
@pytest.mark.parametrize(("status", "words"), [("Failed", "task_failed"), ("NotFound", "task_unknown")])
async def test_a_certificate_that_stays_is_an_error_in_words(lab: Lab, status: str, words: str) -> None:
    work = await deletes(lab, await lab.ready(), status)
    assert (await lab.fails(work)).translation_key == words


# the business of paid charging


@pytest.mark.octt("M_24")
async def test_whether_a_certificate_was_revoked_is_not_found_out_and_nobody_is_asked(lab: Lab) -> None:
    station = await lab.ready()
    visits: list[object] = []
    responder = await asyncio.start_server(lambda reader, writer: visits.append(writer), "127.0.0.1", 0)
    async with responder:
        port = responder.sockets[0].getsockname()[1]
        asked = {"ocspRequestData": HASH | {"responderURL": f"http://127.0.0.1:{port}"}}
        assert await station.call("GetCertificateStatus", asked) == {"status": "Failed"}
        await asyncio.sleep(0.1)
    assert visits == []


@pytest.mark.parametrize(
    "action",
    [pytest.param("Install", marks=pytest.mark.octt("M_26")), pytest.param("Update", marks=pytest.mark.octt("M_28"))],
)
async def test_a_contract_for_the_car_is_declined(lab: Lab, action: str) -> None:
    station = await lab.ready()
    asked = {"iso15118SchemaVersion": "urn:iso:15118:2:2013:MsgDef", "action": action, "exiRequest": "gJgCEGBg"}
    assert await station.call("Get15118EVCertificate", asked) == {"status": "Failed", "exiResponse": ""}
