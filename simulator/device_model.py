"""What a station tells about itself, variable by variable."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from simulator.payload import Payload, without_nothing

type Source = Callable[[], str]
type Key = tuple[str, str | None, int | None, int | None, str, str | None]

READ_ONLY, READ_WRITE, WRITE_ONLY = "ReadOnly", "ReadWrite", "WriteOnly"
REPORT_PART = 20
TEXT_TYPES = ("string", "OptionList", "SequenceList", "MemberList")


@dataclass(slots=True)
class Variable:
    """One variable of one component."""

    component: str
    name: str
    value: str | Source = ""
    mutability: str = READ_ONLY
    kind: str = "string"
    evse: int | None = None
    connector: int | None = None
    component_instance: str | None = None
    instance: str | None = None
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    values: str | None = None
    monitored: bool = False
    v2x: bool = False
    needs_reboot: bool = False

    @property
    def key(self) -> Key:
        """Tell the variable's full address."""
        return (self.component, self.component_instance, self.evse, self.connector, self.name, self.instance)

    @property
    def actual(self) -> str:
        """Tell the value now."""
        return self.value if isinstance(self.value, str) else self.value()

    def component_payload(self) -> Payload:
        """Write the component as messages name it."""
        evse = None if self.evse is None else without_nothing(id=self.evse, connectorId=self.connector)
        return without_nothing(name=self.component, instance=self.component_instance, evse=evse)

    def variable_payload(self) -> Payload:
        """Write the variable as messages name it."""
        return without_nothing(name=self.name, instance=self.instance)

    def accepts(self, text: str) -> bool:
        """Tell whether a value fits the variable's type and limits."""
        if self.kind == "boolean":
            return text.lower() in ("true", "false")
        if self.kind in ("integer", "decimal"):
            return self._accepts_number(text)
        length = len(text)
        within = (self.minimum or 0) <= length and (self.maximum is None or length <= self.maximum)
        allowed = None if self.values is None else set(self.values.split(","))
        return within and (allowed is None or set(text.split(",")) <= allowed)

    def _accepts_number(self, text: str) -> bool:
        try:
            number = int(text) if self.kind == "integer" else float(text)
        except ValueError:
            return False
        return (self.minimum is None or number >= self.minimum) and (self.maximum is None or number <= self.maximum)

    def report(self) -> Payload:
        """Write the variable as a report carries it."""
        attribute = without_nothing(
            type="Actual",
            value=None if self.mutability == WRITE_ONLY else self.actual,
            mutability=self.mutability,
            persistent=self.mutability != READ_ONLY,
        )
        traits = without_nothing(
            dataType=self.kind,
            unit=self.unit,
            minLimit=None if self.kind in TEXT_TYPES else self.minimum,
            maxLimit=self.maximum,
            valuesList=self.values,
            supportsMonitoring=self.monitored,
        )
        return {
            "component": self.component_payload(),
            "variable": self.variable_payload(),
            "variableAttribute": [attribute],
            "variableCharacteristics": traits,
        }


@dataclass(slots=True)
class DeviceModel:
    """All variables of a station, with the answers to those who read and write them."""

    variables: dict[Key, Variable]
    on_write: dict[Key, Callable[[str], None]] = field(default_factory=dict)
    may_write: dict[Key, Callable[[str], bool]] = field(default_factory=dict)
    hidden: set[Key] = field(default_factory=set)
    hides_v2x: bool = False

    @classmethod
    def of(cls, variables: Iterable[Variable]) -> DeviceModel:
        """Build the model from a list."""
        return cls({variable.key: variable for variable in variables})

    def text(self, component: str, name: str, instance: str | None = None, evse: int | None = None) -> str:
        """Tell one of our own values."""
        return self.variables[(component, None, evse, None, name, instance)].actual

    def number(self, component: str, name: str, instance: str | None = None, evse: int | None = None) -> float:
        """Tell one of our own values as a number."""
        return float(self.text(component, name, instance, evse))

    def flag(self, component: str, name: str, instance: str | None = None, evse: int | None = None) -> bool:
        """Tell one of our own values as yes or no."""
        return self.text(component, name, instance, evse).lower() == "true"

    def visible(self) -> Iterator[Variable]:
        """Go through what this protocol may see."""
        return (one for one in self.variables.values() if self._shows(one))

    def get(self, wanted: Payload) -> Payload:
        """Answer one element of GetVariables."""
        variable, verdict = self.find(wanted)
        kind = wanted.get("attributeType", "Actual")
        if variable is not None and kind != "Actual":
            verdict = "NotSupportedAttributeType"
        elif variable is not None and variable.mutability == WRITE_ONLY:
            verdict = "Rejected"
        value = variable.actual if variable is not None and verdict == "Accepted" else None
        return without_nothing(
            attributeStatus=verdict,
            attributeType=wanted.get("attributeType"),
            attributeValue=value,
            component=wanted["component"],
            variable=wanted["variable"],
        )

    def set(self, wanted: Payload) -> Payload:
        """Answer one element of SetVariables, and take the value when it fits."""
        variable, verdict = self.find(wanted)
        text = wanted["attributeValue"]
        if variable is not None:
            verdict = self._write(variable, text, wanted.get("attributeType", "Actual"))
        return without_nothing(
            attributeStatus=verdict,
            attributeType=wanted.get("attributeType"),
            component=wanted["component"],
            variable=wanted["variable"],
        )

    def report_parts(self, variables: Iterable[Variable], count: int = 0) -> list[list[Payload]]:
        """Cut a report into the parts that go into one message each: so many, or as many as it takes."""
        reports = [variable.report() for variable in variables]
        size = -(-len(reports) // count) if count and reports else REPORT_PART
        return [reports[n : n + size] for n in range(0, len(reports), size)]

    def base_report(self, base: str) -> list[Variable]:
        """List what a base report holds."""
        if base == "ConfigurationInventory":
            return [one for one in self.visible() if one.mutability != READ_ONLY]
        if base == "SummaryInventory":
            names = ("AvailabilityState", "Problem", "Active", "Available", "Enabled")
            return [one for one in self.visible() if one.name in names]
        return list(self.visible())

    def custom_report(self, wanted: list[Payload], criteria: list[str]) -> list[Variable]:
        """List what a GetReport asks for."""
        found = [one for one in self.visible() if not wanted or any(matches(one, item) for item in wanted)]
        if not criteria:
            return found
        good = {(one.component, one.evse) for one in self.visible() if one.name in criteria and one.actual == "true"}
        return [one for one in found if (one.component, one.evse) in good]

    def find(self, wanted: Payload) -> tuple[Variable | None, str]:
        """Look a variable up; tell why it cannot be found."""
        component, variable = wanted["component"], wanted["variable"]
        evse = component.get("evse", {})
        place = (component["name"], component.get("instance"), evse.get("id"), evse.get("connectorId"))
        found = self.variables.get((*place, variable["name"], variable.get("instance")))
        if found is not None and self._shows(found):
            return found, "Accepted"
        known = any(one.key[:4] == place for one in self.visible())
        return None, "UnknownVariable" if known else "UnknownComponent"

    def _shows(self, one: Variable) -> bool:
        return one.key not in self.hidden and not (self.hides_v2x and one.v2x)

    def _write(self, variable: Variable, text: str, kind: str) -> str:
        if kind != "Actual":
            return "NotSupportedAttributeType"
        allowed = self.may_write.get(variable.key, variable.accepts)
        if variable.mutability == READ_ONLY or not (variable.accepts(text) and allowed(text)):
            return "Rejected"
        variable.value = text
        if variable.key in self.on_write:
            self.on_write[variable.key](text)
        return "RebootRequired" if variable.needs_reboot else "Accepted"


def matches(one: Variable, item: Payload) -> bool:
    """Tell whether a variable is one that a request names."""
    component, variable = item["component"], item.get("variable")
    evse = component.get("evse", {}).get("id", one.evse)
    if (one.component, one.evse) != (component["name"], evse):
        return False
    if variable is None:
        return True
    return bool(one.name == variable["name"] and variable.get("instance", one.instance) == one.instance)
