"""The questions about a charging station, with the password it shall use."""

from collections.abc import Mapping
from ipaddress import ip_address
import re
from typing import Any, Final

from homeassistant.components import network
from homeassistant.config_entries import ConfigEntry, SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    QrCodeSelector,
    QrCodeSelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import probatio

from . import const as c
from .configuration import SELECTOR_A, listening, subentries
from .discovery import identity_error
from .flow_form import FlexSubentryFlow, choice, filled, flatten, name_of, number, out_of_range, placed
from .shell.credentials import new_secret, seal

SECTION_PASSWORD: Final = "password"
CONF_OWN_SECRET: Final = "own_secret"
CONF_NEW_SECRET: Final = "new_secret"
CONF_QR: Final = "qr"

_LONGEST_TOKEN: Final = 36
_RANGES: Final = {c.CONF_FALLBACK_A: (6, 32)}
_DEFAULT_FALLBACK_A: Final = 16

_SELECTOR = SelectSelector(
    SelectSelectorConfig(
        options=[
            SelectOptionDict(
                value=position, label=f"{position} A" if position.isdigit() else f"{position} ({amps:g} A)"
            )
            for position, amps in SELECTOR_A.items()
        ],
        mode=SelectSelectorMode.DROPDOWN,
    )
)
_OWN_SECRET = {
    probatio.Optional(CONF_OWN_SECRET): TextSelector(
        TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="new-password")
    )
}
_HARDWARE = {
    probatio.Required(CONF_NAME): TextSelector(),
    probatio.Required(c.CONF_PHASES, default="1"): choice("phases", ["1", "3"]),
    probatio.Required(c.CONF_SELECTOR, default="32"): _SELECTOR,
}
_USE = {
    probatio.Required(c.CONF_FALLBACK_A, default=_DEFAULT_FALLBACK_A): number("A"),
    probatio.Required(c.CONF_ACCESS, default=c.ACCESS_OPEN): choice("access", [c.ACCESS_OPEN, c.ACCESS_BADGES]),
    probatio.Optional(c.CONF_TOKENS): TextSelector(TextSelectorConfig(multiline=True)),
}
ADMIT_SCHEMA: Final = probatio.Schema(_HARDWARE)
NEW_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(c.CONF_IDENTITY): TextSelector(),
        **_HARDWARE,
        **_USE,
        probatio.Optional(SECTION_PASSWORD): section(probatio.Schema(_OWN_SECRET), {"collapsed": True}),
    }
)
CHANGE_SCHEMA: Final = probatio.Schema(
    {
        **_HARDWARE,
        **_USE,
        probatio.Optional(SECTION_PASSWORD): section(
            probatio.Schema({probatio.Required(CONF_NEW_SECRET, default=False): BooleanSelector(), **_OWN_SECRET}),
            {"collapsed": True},
        ),
    }
)


def secret_error(secret: str) -> str | None:
    """Say what keeps a text from being a password every station can store."""
    if not 16 <= len(secret) <= 40:
        return "secret_length"
    if not (secret.isascii() and secret.isprintable()) or " " in secret:
        return "secret_characters"
    return None


def read(answers: Mapping[str, Any], site_phases: int) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a station's data without its password, and what is wrong with them."""
    tokens = list(dict.fromkeys(re.findall(r"[^\s,;]+", answers.get(c.CONF_TOKENS, ""))))
    selector_a = SELECTOR_A[answers[c.CONF_SELECTOR]]
    data = {
        c.CONF_PHASES: int(answers[c.CONF_PHASES]),
        c.CONF_SELECTOR: answers[c.CONF_SELECTOR],
        c.CONF_FALLBACK_A: answers.get(c.CONF_FALLBACK_A, min(_DEFAULT_FALLBACK_A, selector_a)),
        c.CONF_ACCESS: answers.get(c.CONF_ACCESS, c.ACCESS_OPEN),
        c.CONF_TOKENS: tokens,
    }
    errors = out_of_range(data, _RANGES)
    if not name_of(answers):
        errors[CONF_NAME] = "name_missing"
    if data[c.CONF_PHASES] > site_phases:
        errors[c.CONF_PHASES] = "phases_exceed_site"
    if not errors and data[c.CONF_FALLBACK_A] > selector_a:
        errors[c.CONF_FALLBACK_A] = "fallback_exceeds_selector"
    if any(len(token) > _LONGEST_TOKEN or not token.isascii() for token in tokens):
        errors[c.CONF_TOKENS] = "token_invalid"
    if data[c.CONF_ACCESS] == c.ACCESS_BADGES and not tokens:
        errors[c.CONF_TOKENS] = "tokens_missing"
    return data, errors


def values(name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a station as the form shows it."""
    shown = {CONF_NAME: name, **data, c.CONF_PHASES: str(data[c.CONF_PHASES])}
    return shown | {c.CONF_TOKENS: "\n".join(data[c.CONF_TOKENS])}


async def async_urls(hass: HomeAssistant, entry: ConfigEntry[Any]) -> list[str]:
    """Return the addresses under which stations of this home reach the site, the likeliest first."""
    host, port = listening(entry)
    hosts = [host]
    if ip_address(host).is_unspecified:
        hosts = await network.async_get_announce_addresses(hass)
        hosts = [h for h in hosts if ip_address(h).version == 4] or ["homeassistant.local"]
    return [f"ws://[{h}]:{port}/" if ":" in h else f"ws://{h}:{port}/" for h in hosts]


async def async_secret_page(
    hass: HomeAssistant, entry: ConfigEntry[Any], identity: str, secret: str
) -> tuple[probatio.Schema, dict[str, str]]:
    """Return the form and the words of the page that shows a password, the only time it is shown."""
    urls = await async_urls(hass, entry)
    schema = probatio.Schema(
        {probatio.Optional(CONF_QR): QrCodeSelector(QrCodeSelectorConfig(data=urls[0] + identity, scale=5))}
    )
    return schema, {"identity": identity, "secret": secret, "urls": "\n".join(f"- `{url}`" for url in urls)}


class StationFlow(FlexSubentryFlow):
    """Admit a station by hand, or change one."""

    _identity: str
    _title: str
    _data: dict[str, Any]
    _secret: str

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a new station."""
        answers: dict[str, Any] = {}
        errors: dict[str, str] = {}
        if user_input is not None:
            answers = flatten(NEW_SCHEMA, user_input)
            errors = self._read(answers)
            self._identity = answers[c.CONF_IDENTITY].strip()
            if problem := identity_error(self._identity):
                errors[c.CONF_IDENTITY] = problem
            elif any(s.unique_id == self._identity for s in subentries(self._get_entry(), c.STATION)):
                errors[c.CONF_IDENTITY] = "identity_taken"
            if not errors:
                return await self._async_seal(answers.get(CONF_OWN_SECRET) or new_secret())
        schema = filled(self, NEW_SCHEMA, answers)
        return self.async_show_form(step_id="user", data_schema=schema, errors=placed(NEW_SCHEMA, errors))

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Change a station; its identity stays, since it is the station."""
        station = self._get_reconfigure_subentry()
        answers = values(station.title, station.data)
        errors: dict[str, str] = {}
        if user_input is not None:
            answers = flatten(CHANGE_SCHEMA, user_input)
            errors = self._read(answers)
            self._identity = station.unique_id or ""
            own = answers.get(CONF_OWN_SECRET)
            if not errors and (own or answers[CONF_NEW_SECRET]):
                return await self._async_seal(own or new_secret())
            if not errors:
                return self._save(self._title, self._data | {c.CONF_SEALED: station.data[c.CONF_SEALED]})
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=filled(self, CHANGE_SCHEMA, answers),
            errors=placed(CHANGE_SCHEMA, errors),
            description_placeholders={"identity": station.unique_id or ""},
        )

    async def async_step_secret(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show the password once, then keep the station."""
        if user_input is not None:
            return self._save(self._title, self._data, self._identity)
        schema, words = await async_secret_page(self.hass, self._get_entry(), self._identity, self._secret)
        return self.async_show_form(step_id="secret", data_schema=schema, description_placeholders=words)

    def _read(self, answers: Mapping[str, Any]) -> dict[str, str]:
        """Keep the answers; return what is wrong with them."""
        self._title = name_of(answers)
        self._data, errors = read(answers, self._get_entry().data[c.CONF_PHASES])
        if (own := answers.get(CONF_OWN_SECRET)) and (problem := secret_error(own)):
            errors[CONF_OWN_SECRET] = problem
        return errors

    async def _async_seal(self, secret: str) -> SubentryFlowResult:
        """Go on to the page that shows a password; only its sealed form is ever stored."""
        self._secret = secret
        self._data[c.CONF_SEALED] = await self.hass.async_add_executor_job(seal, secret)
        return await self.async_step_secret()
