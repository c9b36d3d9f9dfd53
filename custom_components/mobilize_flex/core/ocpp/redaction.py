"""Frames as they may be shown: without badges, secrets or certificates."""

from typing import Final

import orjson

from .frames import ErrorCode
from .wire import Json

HIDDEN: Final = "**"
READABLE: Final = 4 * 1024
_KEYS: Final = frozenset(
    {
        "idtoken",
        "additionalidtoken",
        "additionalinfo",
        "techinfo",
        "groupidtoken",
        "certificate",
        "certificatechain",
        "signingcertificate",
        "csr",
        "exirequest",
        "exiresponse",
        "ocspresult",
        "serialnumber",
        "iccid",
        "imsi",
        "customeridentifier",
        "data",
        "remotelocation",
        "location",
        "vatnumber",
        "pspref",
        "receipturl",
        "signedmeterdata",
        "publickey",
        "basicauthpassword",
        "password",
        "apn",
        "vpn",
    }
)
_SECRET_WORDS: Final = ("password", "secret", "privatekey", "vehicleid", "vehiclecertificate", "identity")
_CODES: Final = frozenset(ErrorCode)
_VALUES: Final = ("attributeValue", "actualValue", "value")


def redacted(raw: str) -> str:
    """Return a frame fit to be shown; what cannot be read is only measured."""
    try:
        frame: Json = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return f"(not JSON, {len(raw)} characters)"
    if isinstance(frame, list) and len(frame) > 2 and frame[0] in (4, 5):
        code = frame[2] if isinstance(frame[2], str) and frame[2] in _CODES else HIDDEN
        return orjson.dumps([*frame[:2], code, HIDDEN]).decode()  # stations put whole requests into descriptions
    if isinstance(frame, list) and len(frame) > 3 and frame[2] in ("NotifyCustomerInformation", "DataTransfer"):
        return orjson.dumps([*frame[:3], HIDDEN]).decode()
    return orjson.dumps(_hide(frame)).decode()


def _hide(value: Json) -> Json:
    if isinstance(value, list):
        return [_hide(item) for item in value]
    if not isinstance(value, dict):
        return value
    hidden: dict[str, Json] = {
        key: HIDDEN if key.casefold() in _KEYS and not isinstance(item, dict) else _hide(item)
        for key, item in value.items()
    }
    if _names_a_secret(value.get("variable")):
        hidden |= dict.fromkeys((key for key in _VALUES if key in hidden), HIDDEN)
        if "variableAttribute" in hidden:
            hidden["variableAttribute"] = HIDDEN
    return hidden


def _names_a_secret(variable: Json) -> bool:
    name = variable.get("name") if isinstance(variable, dict) else None
    return isinstance(name, str) and any(word in name.casefold() for word in _SECRET_WORDS)
