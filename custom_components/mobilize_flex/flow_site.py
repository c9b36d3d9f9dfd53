"""The questions about the home and its grid connection."""

from collections.abc import Mapping
import errno
from ipaddress import ip_address
import re
import socket
from typing import Any, Final

from homeassistant.const import CONF_HOST, CONF_NAME, CONF_PORT
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
import probatio

from . import const as c
from .core.model.electric import NOMINAL_V
from .flow_form import choice, flatten, name_of, number, out_of_range

SECTION_V2G: Final = "v2g"
SECTION_SECURITY: Final = "encryption"
SECTION_ADVANCED: Final = "advanced"
FRENCH_KVA: Final = (3, 6, 9, 12, 15, 18, 24, 30, 36)
RANGES: Final = {
    CONF_PORT: (1, 65_535),
    c.CONF_TLS_PORT: (1, 65_535),
    c.CONF_BREAKER_A: (6, 125),
    c.CONF_SUBSCRIBED_KVA: (1, 100),
    c.CONF_RATE_LIMIT: (0, 10_000),
    c.CONF_IMBALANCE_W: (1_000, 20_000),
}
_SECURITY: Final = [c.SECURITY_TLS, c.SECURITY_BOTH, c.SECURITY_PLAIN]
_HOST_NAME: Final = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*")
_LONGEST_HOST_NAME: Final = 64  # of a common name

_KVA = SelectSelector(
    SelectSelectorConfig(
        options=[SelectOptionDict(value=str(kva), label=f"{kva} kVA") for kva in FRENCH_KVA],
        custom_value=True,
        mode=SelectSelectorMode.DROPDOWN,
    )
)
SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(CONF_NAME): TextSelector(),
        probatio.Required(c.CONF_PHASES, default="1"): choice("phases", ["1", "3"]),
        probatio.Optional(c.CONF_BREAKER_A): number("A"),
        probatio.Optional(c.CONF_SUBSCRIBED_KVA): _KVA,
        probatio.Required(CONF_PORT, default=c.DEFAULT_PORT): probatio.All(number(), probatio.Coerce(int)),
        probatio.Optional(SECTION_V2G): section(
            probatio.Schema(
                {
                    probatio.Required(c.CONF_V2G_CONSENT, default=False): BooleanSelector(),
                    probatio.Required(c.CONF_FEED_IN_W, default=0): number("W", 100),
                    probatio.Required(c.CONF_SUN, default=True): BooleanSelector(),
                }
            )
        ),
        probatio.Optional(SECTION_SECURITY): section(
            probatio.Schema(
                {
                    probatio.Required(c.CONF_SECURITY, default=c.SECURITY_TLS): choice("security", _SECURITY),
                    probatio.Optional(c.CONF_TLS_PORT): probatio.All(number(), probatio.Coerce(int)),
                    probatio.Optional(c.CONF_HOST_NAME): TextSelector(),
                    probatio.Required(c.CONF_RSA_EXCHANGE, default=False): BooleanSelector(),
                }
            )
        ),
        probatio.Optional(SECTION_ADVANCED): section(
            probatio.Schema(
                {
                    probatio.Optional(c.CONF_IMBALANCE_W): number("W", 100),
                    probatio.Required(CONF_HOST, default=c.DEFAULT_HOST): TextSelector(),
                    probatio.Required(c.CONF_MOUNTED, default=False): BooleanSelector(),
                    probatio.Required(c.CONF_RATE_LIMIT, default=c.DEFAULT_RATE_LIMIT): number(),
                }
            ),
            {"collapsed": True},
        ),
    }
)


def read(user_input: Mapping[str, Any]) -> tuple[str, dict[str, Any], dict[str, str]]:
    """Return the site's name, its data and what is wrong with them."""
    answers = flatten(SCHEMA, user_input)
    errors: dict[str, str] = {}
    name = name_of(answers)
    if not name:
        errors[CONF_NAME] = "name_missing"
    data = {key: value for key, value in answers.items() if key != CONF_NAME}
    data[c.CONF_PHASES] = int(answers[c.CONF_PHASES])
    data[CONF_HOST] = answers[CONF_HOST].strip()
    if c.CONF_SUBSCRIBED_KVA in data:
        data[c.CONF_SUBSCRIBED_KVA] = _number(answers[c.CONF_SUBSCRIBED_KVA])
    elif c.CONF_BREAKER_A not in data:
        errors[c.CONF_BREAKER_A] = "limit_missing"
    if not _is_address(data[CONF_HOST]):
        errors[CONF_HOST] = "host_invalid"
    errors |= _security_errors(data) | out_of_range(data, RANGES)
    if not errors:
        errors = _feed_in_errors(data)
    return name, data, errors


def values(name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a site as the form shows it."""
    # A site from before there was a choice is not encrypted; the form says so, and asks to change nothing else.
    shown = {CONF_NAME: name, c.CONF_SECURITY: c.SECURITY_PLAIN, **data, c.CONF_PHASES: str(data[c.CONF_PHASES])}
    if c.CONF_SUBSCRIBED_KVA in data:
        shown[c.CONF_SUBSCRIBED_KVA] = f"{data[c.CONF_SUBSCRIBED_KVA]:g}"
    return shown


def ports(data: Mapping[str, Any]) -> dict[str, int]:
    """Return the ports a site listens on, by the field that asks for them."""
    return {field: data[field] for field in (CONF_PORT, c.CONF_TLS_PORT) if field in data}


def try_port(host: str, port: int, field: str = CONF_PORT) -> dict[str, str]:
    """Listen for an instant where stations shall dial in; return what stands in the way. It blocks."""
    family = socket.AF_INET6 if ip_address(host).version == 6 else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except PermissionError:
        return {field: "port_forbidden"}
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            return {CONF_HOST: "host_elsewhere"}
        return {field: "port_in_use"}
    return {}


def _security_errors(data: dict[str, Any]) -> dict[str, str]:
    """Drop what does not go with the security chosen; return what is wrong with the rest."""
    errors: dict[str, str] = {}
    if data[c.CONF_SECURITY] == c.SECURITY_PLAIN:
        data.pop(c.CONF_TLS_PORT, None)
    elif data[c.CONF_SECURITY] == c.SECURITY_BOTH and c.CONF_TLS_PORT not in data:
        errors[c.CONF_TLS_PORT] = "tls_port_missing"
    if data.get(c.CONF_TLS_PORT) == data[CONF_PORT]:
        errors[c.CONF_TLS_PORT] = "tls_port_same"
    name = data.pop(c.CONF_HOST_NAME, "").strip().rstrip(".").lower()
    if name:
        data[c.CONF_HOST_NAME] = name
    if name and not (len(name) <= _LONGEST_HOST_NAME and _HOST_NAME.fullmatch(name)):
        errors[c.CONF_HOST_NAME] = "host_name_invalid"
    return errors


def _feed_in_errors(data: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with the feed-in limit: it needs consent, and fits through the connection."""
    per_phase_va = [NOMINAL_V * data[c.CONF_BREAKER_A]] if c.CONF_BREAKER_A in data else []
    connection_w = [va * data[c.CONF_PHASES] for va in per_phase_va]
    if c.CONF_SUBSCRIBED_KVA in data:
        connection_w.append(data[c.CONF_SUBSCRIBED_KVA] * 1000)
    if not 0 <= data[c.CONF_FEED_IN_W] <= min(connection_w):
        return {c.CONF_FEED_IN_W: "feed_in_w_range"}
    if data[c.CONF_FEED_IN_W] and not data[c.CONF_V2G_CONSENT]:
        return {c.CONF_FEED_IN_W: "consent_missing"}
    return {}


def _number(text: str) -> float:
    """Return a number typed with a point or a comma; what is none is out of every range."""
    try:
        return float(text.replace(",", ".").removesuffix("kVA").strip())
    except ValueError:
        return float("nan")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
