"""The questions about a station's line: its selector, its breaker, its conductors, the phases it stands on."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import probatio

from . import const as c
from .configuration import SELECTOR_A, rotation_of
from .core.model.installation import CONDUCTORS, Disagreement, Lead, disagreements, is_rotation, terminals
from .flow_form import choice, number

SECTION_INSTALLATION: Final = "installation"
CONF_AS_IT_IS: Final = "as_it_is"
ROTATION_UNKNOWN: Final = "unknown"
ROTATIONS: Final = [ROTATION_UNKNOWN, "1", "2", "3", "123", "231", "312", "132", "213", "321"]
BREAKER_RANGE_A: Final = (6, 125)

_KEPT: Final = (c.CONF_SELECTOR, c.CONF_LINE_BREAKER_A, c.CONF_CONDUCTOR)
_SELECTOR: Final = SelectSelector(
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
_CONDUCTOR: Final = SelectSelector(
    SelectSelectorConfig(
        options=[
            SelectOptionDict(value=f"{row.section_mm2:g}", label=f"{row.section_mm2:g} mm² ({row.torque_nm:g} Nm)")
            for row in CONDUCTORS
        ],
        mode=SelectSelectorMode.DROPDOWN,
    )
)
_ROTATION: Final = SelectSelector(
    SelectSelectorConfig(options=ROTATIONS, translation_key="rotation", mode=SelectSelectorMode.DROPDOWN)
)
PLUGGED: Final = {
    probatio.Required(c.CONF_PHASES, default="1"): choice("phases", ["1", "3"]),
    probatio.Required(c.CONF_SELECTOR, default="32"): _SELECTOR,
}
_INSTALLED = {
    probatio.Optional(c.CONF_LINE_BREAKER_A): number("A"),
    probatio.Optional(c.CONF_CONDUCTOR): _CONDUCTOR,
    probatio.Required(c.CONF_ROTATION, default=ROTATION_UNKNOWN): _ROTATION,
    probatio.Optional(c.CONF_LEAD): choice("lead", [str(lead) for lead in Lead]),
    probatio.Required(CONF_AS_IT_IS, default=False): BooleanSelector(),
}
INSTALLATION: Final = {
    probatio.Optional(SECTION_INSTALLATION): section(probatio.Schema(_INSTALLED), {"collapsed": True})
}


def read_wiring(
    answers: Mapping[str, Any], site: ConfigEntry[Any], before: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return how a station is wired, and what is wrong with it.

    What does not belong together is refused where it is dangerous. Elsewhere the owner may keep it ``as_it_is``, and
    is not asked again until he changes it.
    """
    data: dict[str, Any] = {c.CONF_PHASES: int(answers[c.CONF_PHASES]), c.CONF_SELECTOR: answers[c.CONF_SELECTOR]}
    data |= {key: answers[key] for key in (c.CONF_LINE_BREAKER_A, c.CONF_CONDUCTOR, c.CONF_LEAD) if key in answers}
    if (order := answers.get(c.CONF_ROTATION, ROTATION_UNKNOWN)) != ROTATION_UNKNOWN:
        data[c.CONF_ROTATION] = order
    errors = _phase_errors(data, site.data[c.CONF_PHASES])
    breaker_a = data.get(c.CONF_LINE_BREAKER_A)
    if breaker_a is not None and not BREAKER_RANGE_A[0] <= breaker_a <= BREAKER_RANGE_A[1]:
        return data, errors | {c.CONF_LINE_BREAKER_A: "line_breaker_a_range"}
    approved = bool(answers.get(CONF_AS_IT_IS)) or (
        bool(before) and all(data.get(key) == before.get(key) for key in _KEPT)
    )
    found = disagreements(SELECTOR_A[data[c.CONF_SELECTOR]], breaker_a, _section(data))
    return data, errors | _disagreement_errors(found, approved=approved)


def _phase_errors(data: Mapping[str, Any], home_phases: int) -> dict[str, str]:
    if data[c.CONF_PHASES] > home_phases:
        return {c.CONF_PHASES: "phases_exceed_site"}
    rotation = rotation_of(data)
    if rotation is not None and not is_rotation(rotation, data[c.CONF_PHASES], home_phases):
        return {c.CONF_ROTATION: "rotation_unfit"}
    return {}


def _disagreement_errors(found: tuple[Disagreement, ...], *, approved: bool) -> dict[str, str]:
    errors = {}
    for what in found:
        if what is Disagreement.SELECTOR_ABOVE_BREAKER:
            errors[c.CONF_SELECTOR] = str(what)
        elif not approved:
            about_line = what is not Disagreement.SELECTOR_BELOW_BREAKER
            errors[c.CONF_CONDUCTOR if about_line else c.CONF_SELECTOR] = str(what)
    return errors


def _section(data: Mapping[str, Any]) -> float | None:
    return float(data[c.CONF_CONDUCTOR]) if c.CONF_CONDUCTOR in data else None


def wiring_words() -> dict[str, str]:
    """Return the guide's table of conductors, and the terminals in use, for the page that asks about them."""
    rows = [f"| {row.section_mm2:g} | {row.torque_nm:g} | {row.breaker_a:g} |" for row in CONDUCTORS]
    return {
        "conductors": "\n".join(["| mm² | Nm | A |", "|---:|---:|---:|", *rows]),
        "single": ", ".join(terminals(1)),
        "three": ", ".join(terminals(3)),
    }
