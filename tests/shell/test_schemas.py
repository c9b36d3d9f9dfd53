"""The printed rules are all there, quickly, and are those the code was written against."""

import hashlib
from importlib.resources import files
import time

from custom_components.mobilize_flex.core.model.station import Version
from custom_components.mobilize_flex.core.ocpp.schema import Miss
from custom_components.mobilize_flex.shell.schemas import load_schemas

DIGESTS = {
    "v201": "1c15ec11cf628a2a2bd1eb2a57e9ca01db0f936b37b99eae98a09cd99f2a01ea",
    "v21": "ec4a451ce4da1ad886cf7098d377066f126e4aa5da859f18de77efc59fdecfc0",
}


def test_every_message_of_both_versions_is_there() -> None:
    begun = time.perf_counter()
    schemas = load_schemas()
    assert time.perf_counter() - begun < 2.0  # some tens of milliseconds where nothing else runs
    count = {version: len([key for key in schemas if key[0] is version]) for version in Version}
    assert count == {Version.V201: 128, Version.V21: 181}
    assert (Version.V21, "NotifyPeriodicEventStream", "req") in schemas
    assert (Version.V21, "NotifyPeriodicEventStream", "res") not in schemas
    actions = {(version, action) for version, action, side in schemas if side == "req"}
    assert actions - {(version, action) for version, action, side in schemas if side == "res"} == {
        (Version.V21, "NotifyPeriodicEventStream")
    }


def test_a_miss_says_where_and_what() -> None:
    schema = load_schemas()[Version.V201, "BootNotification", "req"]
    payload = {"reason": "x", "more": 1, "chargingStation": {"model": 7, "vendorName": "v" * 60}}
    misses = {(miss.path, miss.rule, miss.names) for miss in schema.misses(payload, 10)}
    assert misses == {
        ((), "additionalProperties", ("more",)),
        (("reason",), "enum", ()),
        (("chargingStation", "model"), "type", ("string",)),
        (("chargingStation", "vendorName"), "maxLength", ()),
    }
    assert len(schema.misses(payload, 2)) == 2
    assert str(Miss(("a", 1, "b"), "required", ("c",))) == "a/1/b: required c"
    assert str(Miss((), "type", ("object",))) == "payload: type object"


def test_the_rules_are_those_we_know() -> None:
    """Another release of the package may change them silently; then this tells, and the tables want a look."""
    for folder, digest in DIGESTS.items():
        found = hashlib.sha256()
        for file in sorted(files("ocpp").joinpath(folder, "schemas").iterdir(), key=lambda file: file.name):
            found.update(file.name.encode() + file.read_bytes())
        assert found.hexdigest() == digest, folder
