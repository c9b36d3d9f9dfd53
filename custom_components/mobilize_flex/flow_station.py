"""The questions about a charging station, with the password it shall use."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from types import MappingProxyType
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry, ConfigSubentry, SubentryFlowResult
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
from .configuration import PROTOCOLS, SELECTOR_A, drivers_path, listening, site_config, subentries
from .core.model.config import Automatic
from .core.model.driver import Driver, LetsGo
from .core.model.electric import MINIMUM_CHARGE_A
from .core.model.state import StationMemory, StationState
from .core.model.station import Version
from .core.ocpp.drivers import driver_for
from .discovery import identity_error
from .flow_form import FlexSubentryFlow, choice, filled, flatten, name_of, number, out_of_range, placed
from .flow_vendor import FORWARDING, read_vendor
from .flow_wiring import INSTALLATION, PLUGGED, read_wiring, wiring_words
from .gate import async_addresses, certificate_store, host_name, root_url
from .shell.credentials import new_secret, seal
from .shell.drivers import load_drivers

SECTION_PASSWORD: Final = "password"
SECTION_SECURITY: Final = "security"
SECTION_CONVERSATION: Final = "conversation"
CONF_OWN_SECRET: Final = "own_secret"
CONF_NEW_SECRET: Final = "new_secret"
CONF_QR: Final = "qr"
HYBRID: Final = "hybrid"

_LONGEST_USER: Final = 255
_RANGES: Final = {c.CONF_FALLBACK_A: (6, 32), c.CONF_PRIORITY: (0, 9)}
_MOST_SUGGESTED_A: Final = 16

_OWN_SECRET = {
    probatio.Optional(CONF_OWN_SECRET): TextSelector(
        TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="new-password")
    )
}
_HARDWARE = {
    probatio.Required(CONF_NAME): TextSelector(),
    **PLUGGED,
}
_USE = {
    probatio.Optional(c.CONF_FALLBACK_A): number("A"),
    probatio.Optional(c.CONF_PRIORITY): probatio.All(number(), probatio.Coerce(int)),
    probatio.Required(c.CONF_ACCESS, default=c.ACCESS_OPEN): choice("access", [c.ACCESS_OPEN, c.ACCESS_BADGES]),
}
_LINE = {
    probatio.Optional(c.CONF_PROFILE): choice("security_profile", ["1", "2", "3"]),
    probatio.Optional(c.CONF_USER): TextSelector(),
    probatio.Required(c.CONF_PROTOCOL, default=c.PROTOCOL_ANY): choice("protocol", [c.PROTOCOL_ANY, *PROTOCOLS]),
}
_SECURITY = {probatio.Optional(SECTION_SECURITY): section(probatio.Schema(_LINE), {"collapsed": True})}
_MEETING = {
    probatio.Required(c.CONF_HOLD_NEW, default=False): BooleanSelector(),
    probatio.Required(c.CONF_AUTOMATIC, default=[str(what) for what in Automatic]): SelectSelector(
        SelectSelectorConfig(
            options=[str(what) for what in Automatic],
            translation_key="automatic",
            mode=SelectSelectorMode.LIST,
            multiple=True,
        )
    ),
}
_CONVERSATION = {probatio.Optional(SECTION_CONVERSATION): section(probatio.Schema(_MEETING), {"collapsed": True})}
ADMIT_SCHEMA: Final = probatio.Schema(_HARDWARE)
NEW_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(c.CONF_IDENTITY): TextSelector(),
        **_HARDWARE,
        **_USE,
        **INSTALLATION,
        **_SECURITY,
        **_CONVERSATION,
        **FORWARDING,
        probatio.Optional(SECTION_PASSWORD): section(probatio.Schema(_OWN_SECRET), {"collapsed": True}),
    }
)
CHANGE_SCHEMA: Final = probatio.Schema(
    {
        **_HARDWARE,
        **_USE,
        **INSTALLATION,
        **_SECURITY,
        **_CONVERSATION,
        **FORWARDING,
        probatio.Optional(SECTION_PASSWORD): section(
            probatio.Schema({probatio.Required(CONF_NEW_SECRET, default=False): BooleanSelector(), **_OWN_SECRET}),
            {"collapsed": True},
        ),
    }
)


def with_routes(form: probatio.Schema, drivers: tuple[Driver, ...]) -> probatio.Schema:
    """Return a form that also asks how the station is told to give energy back, before what is folded away."""
    offers = [SelectOptionDict(value=c.CHARGE_ONLY, label=c.CHARGE_ONLY)]
    offers += [SelectOptionDict(value=d.key, label=d.name) for d in drivers if d.route is not None]
    config = SelectSelectorConfig(options=offers, translation_key="route", mode=SelectSelectorMode.DROPDOWN)
    asked = {probatio.Required(c.CONF_ROUTE, default=c.CHARGE_ONLY): SelectSelector(config)}
    plain = {key: field for key, field in form.schema.items() if not isinstance(field, section)}
    return probatio.Schema(plain | asked | {key: f for key, f in form.schema.items() if key not in plain})


def suggested_route(memory: StationMemory, drivers: tuple[Driver, ...]) -> str:
    """Return the route a station itself hints at: by its kind, or by the words it used."""
    driver = driver_for(memory.vendor, memory.model, memory.firmware, drivers)
    if driver is not None and driver.route is not None:
        return driver.key
    return HYBRID if memory.announced and memory.version is Version.V201 else c.CHARGE_ONLY


def secret_error(secret: str) -> str | None:
    """Say what keeps a text from being a password every station can store."""
    if not 16 <= len(secret) <= 40:
        return "secret_length"
    if not (secret.isascii() and secret.isprintable()) or " " in secret:
        return "secret_characters"
    return None


def read(
    answers: Mapping[str, Any], site: ConfigEntry[Any], before: Mapping[str, Any] = MappingProxyType({})
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a station's data without its password, and what is wrong with them."""
    selector_a = SELECTOR_A[answers[c.CONF_SELECTOR]]
    wired, errors = read_wiring(answers, site, before)
    usual_a = before.get(c.CONF_FALLBACK_A) or suggested_fallback_a(site)
    data = wired | {
        c.CONF_FALLBACK_A: answers.get(c.CONF_FALLBACK_A, min(usual_a, selector_a)),
        c.CONF_ACCESS: answers.get(c.CONF_ACCESS, c.ACCESS_OPEN),
    }
    if priority := answers.get(c.CONF_PRIORITY):
        data[c.CONF_PRIORITY] = priority
    line, wrong = _read_line(answers, site)
    data |= line | _read_conversation(answers)
    errors |= wrong | out_of_range(data, _RANGES)
    if not name_of(answers):
        errors[CONF_NAME] = "name_missing"
    if not errors and data[c.CONF_FALLBACK_A] > selector_a:
        errors[c.CONF_FALLBACK_A] = "fallback_exceeds_selector"
    return data, errors


def suggested_fallback_a(site: ConfigEntry[Any]) -> int:
    """Return the current every station may take blindly: what the connection bears beside a house at its limit."""
    home = site_config(site, UTC)
    left_a = home.spare_a - sum(station.fallback_a for station in home.stations)
    return int(min(max(MINIMUM_CHARGE_A, left_a), _MOST_SUGGESTED_A))


def _read_line(answers: Mapping[str, Any], site: ConfigEntry[Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return how a station shall come in, and what is wrong with it."""
    door = listening(site)
    usual = 2 if door.security == c.SECURITY_TLS else 1
    data: dict[str, Any] = {c.CONF_PROFILE: int(answers.get(c.CONF_PROFILE, usual))}
    errors: dict[str, str] = {}
    if data[c.CONF_PROFILE] > 1 and not door.encrypts:
        errors[c.CONF_PROFILE] = "profile_needs_encryption"
    if user := answers.get(c.CONF_USER, "").strip():
        data[c.CONF_USER] = user
    if ":" in user or len(user) > _LONGEST_USER or not user.isprintable():
        errors[c.CONF_USER] = "user_name_invalid"
    if (only := answers.get(c.CONF_PROTOCOL, c.PROTOCOL_ANY)) != c.PROTOCOL_ANY:
        data[c.CONF_PROTOCOL] = only
    return data, errors


def _read_conversation(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a station shall be told unasked, as far as it is not the usual."""
    data: dict[str, Any] = {c.CONF_HOLD_NEW: True} if answers.get(c.CONF_HOLD_NEW) else {}
    wanted = answers.get(c.CONF_AUTOMATIC, Automatic)
    if set(wanted) != set(Automatic):
        data[c.CONF_AUTOMATIC] = [str(what) for what in Automatic if what in wanted]
    return data


def values(name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a station as the form shows it."""
    shown = {CONF_NAME: name, **data, c.CONF_PHASES: str(data[c.CONF_PHASES])}
    shown[c.CONF_PROFILE] = str(data.get(c.CONF_PROFILE, 1))
    shown.pop(c.CONF_VENDOR_PASSWORD, None)
    return shown


async def async_urls(hass: HomeAssistant, entry: ConfigEntry[Any]) -> list[str]:
    """Return the addresses under which stations of this home reach the site, the likeliest first."""
    door, name = listening(entry), host_name(hass, entry)
    numbers = await async_addresses(hass, entry)
    if door.encrypts:  # its name is what a station looks for in our certificate
        return [f"wss://{_in_url(host)}:{door.secure_port}/" for host in dict.fromkeys([name, *numbers])]
    return [f"ws://{_in_url(host)}:{door.port}/" for host in numbers or [name]]


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


@dataclass(frozen=True, slots=True)
class SecretPage:
    """Hold the page that shows a password, the only time it is shown: its step, form and words."""

    step: str
    form: probatio.Schema
    words: dict[str, str]


async def async_secret_page(
    hass: HomeAssistant, entry: ConfigEntry[Any], identity: str, user: str, secret: str
) -> SecretPage:
    """Return the page that shows a password; where the line is encrypted, it tells of our root too."""
    urls = await async_urls(hass, entry)
    form = probatio.Schema(
        {probatio.Optional(CONF_QR): QrCodeSelector(QrCodeSelectorConfig(data=urls[0] + identity, scale=5))}
    )
    listed = "\n".join(f"- `{url}`" for url in urls)
    words = {"identity": identity, "user": user, "secret": secret, "urls": listed}
    if not listening(entry).encrypts:
        return SecretPage("secret", form, words)
    root = await hass.async_add_executor_job(certificate_store(hass, entry).root)
    trust = {"fingerprint": root.fingerprint, "root": root_url(hass, entry.entry_id)}
    return SecretPage("secret_tls", form, words | trust)


def _seals(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the seals of a station's password: the one in use, and the one on its way."""
    return {key: data[key] for key in (c.CONF_SEALED, c.CONF_SEALED_NEXT) if key in data}


class StationFlow(FlexSubentryFlow):
    """Admit a station by hand, or change one."""

    _identity: str
    _title: str
    _data: dict[str, Any]
    _secret: str
    _drivers: tuple[Driver, ...] = ()

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a new station."""
        answers: dict[str, Any] = {c.CONF_FALLBACK_A: suggested_fallback_a(self._get_entry())}
        errors: dict[str, str] = {}
        form = await self._async_with_routes(NEW_SCHEMA)
        if user_input is not None:
            answers = flatten(form, user_input)
            errors = self._read(answers)
            self._identity = answers[c.CONF_IDENTITY].strip()
            if problem := identity_error(self._identity):
                errors[c.CONF_IDENTITY] = problem
            elif any(s.unique_id == self._identity for s in subentries(self._get_entry(), c.STATION)):
                errors[c.CONF_IDENTITY] = "identity_taken"
            if not errors:
                return await self._async_seal(answers.get(CONF_OWN_SECRET) or new_secret())
        schema = filled(self, form, answers)
        return self.async_show_form(
            step_id="user",
            data_schema=schema,
            errors=placed(form, errors),
            description_placeholders=wiring_words(),
        )

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Change a station; its identity stays, since it is the station."""
        station = self._get_reconfigure_subentry()
        form = await self._async_with_routes(CHANGE_SCHEMA)
        answers = values(station.title, station.data) | {c.CONF_PROFILE: str(self._least_profile(station))}
        answers.setdefault(c.CONF_ROUTE, self._suggested_route(station))
        errors: dict[str, str] = {}
        if user_input is not None:
            answers = flatten(form, user_input)
            errors = self._read(answers)
            self._identity = station.unique_id or ""
            self._lower(station)
            own = answers.get(CONF_OWN_SECRET)
            if not errors and (own or answers[CONF_NEW_SECRET]):
                return await self._async_seal(own or new_secret())
            if not errors:
                return self._save(self._title, self._data | _seals(station.data))
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=filled(self, form, answers),
            errors=placed(form, errors),
            description_placeholders={"identity": station.unique_id or ""} | wiring_words(),
        )

    async def _async_with_routes(self, form: probatio.Schema) -> probatio.Schema:
        self._drivers = await self.hass.async_add_executor_job(load_drivers, drivers_path(self.hass))
        return with_routes(form, self._drivers)

    def _suggested_route(self, station: ConfigSubentry) -> str:
        known = self._known(station)
        return c.CHARGE_ONLY if known is None else suggested_route(known.memory, self._drivers)

    def _known(self, station: ConfigSubentry) -> StationState | None:
        """Return what is known of a station while its site runs."""
        site = getattr(self._get_entry(), "runtime_data", None)
        return None if site is None else site.state.stations.get(station.unique_id)

    def _least_profile(self, station: ConfigSubentry) -> int:
        """Return the lowest profile the station may come in with: the owner's word, or what it proved since."""
        known = self._known(station)
        return int(station.data.get(c.CONF_PROFILE, 1) if known is None else known.least_profile)

    def _lower(self, station: ConfigSubentry) -> None:
        """Take note when the owner, and nobody else, lets a station in with less than before."""
        lowered = self._data[c.CONF_PROFILE] < self._least_profile(station)
        if epoch := station.data.get(c.CONF_EPOCH, 0) + lowered:
            self._data[c.CONF_EPOCH] = epoch

    async def async_step_secret(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show the password once, then keep the station."""
        if user_input is not None:
            return self._save(self._title, self._data, self._identity)
        user = self._data.get(c.CONF_USER, self._identity)
        page = await async_secret_page(self.hass, self._get_entry(), self._identity, user, self._secret)
        return self.async_show_form(step_id=page.step, data_schema=page.form, description_placeholders=page.words)

    async_step_secret_tls = async_step_secret

    def _read(self, answers: Mapping[str, Any]) -> dict[str, str]:
        """Keep the answers; return what is wrong with them."""
        self._title = name_of(answers)
        self._data, errors = read(answers, self._get_entry(), self._values)
        vendor, wrong = read_vendor(answers, self._values)
        self._data |= vendor
        errors |= wrong
        if (route := answers.get(c.CONF_ROUTE, c.CHARGE_ONLY)) != c.CHARGE_ONLY:
            self._data[c.CONF_ROUTE] = route
        if any(d.key == route and d.route and d.route.lets_go is LetsGo.NEVER for d in self._drivers):
            errors[c.CONF_ROUTE] = "route_never_lets_go"
        if (own := answers.get(CONF_OWN_SECRET)) and (problem := secret_error(own)):
            errors[CONF_OWN_SECRET] = problem
        return errors

    async def _async_seal(self, secret: str) -> SubentryFlowResult:
        """Go on to the page that shows a password; only its sealed form is ever stored."""
        self._secret = secret
        self._data[c.CONF_SEALED] = await self.hass.async_add_executor_job(seal, secret)
        return await self.async_step_secret()
