"""The grammar all set-up forms share."""

from collections.abc import Mapping
from typing import Any, Literal, cast

from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.data_entry_flow import FlowHandler, section
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import probatio

type Ranges = Mapping[str, tuple[float, float]]


def number(unit: str | None = None, step: float | Literal["any"] = 1) -> NumberSelector:
    """Return a box for a number; ranges are checked by us, so that the answer is a sentence of ours."""
    config = NumberSelectorConfig(mode=NumberSelectorMode.BOX, step=step)
    if unit:
        config["unit_of_measurement"] = unit
    return NumberSelector(config)


def choice(key: str, options: list[str]) -> SelectSelector:
    """Return a list of choices whose texts stand in the translations under a key."""
    config = SelectSelectorConfig(options=options, translation_key=key, mode=SelectSelectorMode.LIST)
    return SelectSelector(config)


def dropdown(key: str, options: list[str], *, multiple: bool = False) -> SelectSelector:
    """Return the same folded away, or a list of which several may be chosen."""
    mode = SelectSelectorMode.LIST if multiple else SelectSelectorMode.DROPDOWN
    return SelectSelector(SelectSelectorConfig(options=options, translation_key=key, mode=mode, multiple=multiple))


def flatten(schema: probatio.Schema, user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers of a form without its sections; a section left out takes its defaults."""
    flat: dict[str, Any] = {}
    for key, field in schema.schema.items():
        if isinstance(field, section):
            flat |= user_input.get(str(key)) or field({})
        elif str(key) in user_input:
            flat[str(key)] = user_input[str(key)]
    return flat


def filled(flow: FlowHandler[Any, Any, Any], schema: probatio.Schema, values: Mapping[str, Any]) -> probatio.Schema:
    """Return a form that shows values, in its sections too."""
    nested: dict[str, Any] = dict(values)
    for key, field in schema.schema.items():
        if isinstance(field, section):
            nested[str(key)] = {str(k): values[str(k)] for k in field.schema.schema if str(k) in values}
    return flow.add_suggested_values_to_schema(schema, nested)


def placed(schema: probatio.Schema, errors: Mapping[str, str]) -> dict[str, str]:
    """Return the errors where the interface shows them: on the field, or on the section around it."""
    home = {
        str(inner): str(key)
        for key, field in schema.schema.items()
        if isinstance(field, section)
        for inner in field.schema.schema
    }
    return {home.get(name, name): error for name, error in errors.items()}


def out_of_range(answers: Mapping[str, Any], ranges: Ranges) -> dict[str, str]:
    """Return an error ``<field>_range`` for each number outside its limits."""
    return {
        name: f"{name}_range"
        for name, (low, high) in ranges.items()
        if name in answers and not low <= answers[name] <= high
    }


class FlexSubentryFlow(ConfigSubentryFlow):
    """Set up or change one part of a site."""

    @property
    def _values(self) -> dict[str, Any]:
        """Return what is known already: the subentry being changed, or nothing."""
        if self.source != SOURCE_RECONFIGURE:
            return {}
        subentry = self._get_reconfigure_subentry()
        return {CONF_NAME: subentry.title, **subentry.data}

    def _save(self, title: str, data: Mapping[str, Any], unique_id: str | None = None) -> SubentryFlowResult:
        """Create the subentry, or change it in place."""
        if self.source != SOURCE_RECONFIGURE:
            return self.async_create_entry(title=title, data=data, unique_id=unique_id)
        entry, subentry = self._get_entry(), self._get_reconfigure_subentry()
        # Our update listener applies changes in place. It lives with a loaded entry only: without it
        # (set-up failed, say the port was taken) the entry must be loaded again, or nothing would happen.
        if entry.update_listeners:
            return self.async_update_and_abort(entry, subentry, title=title, data=data)
        return self.async_update_reload_and_abort(entry, subentry, title=title, data=data)


def name_of(answers: Mapping[str, Any]) -> str:
    """Return the name somebody typed, without the spaces around it."""
    return cast(str, answers[CONF_NAME]).strip()
