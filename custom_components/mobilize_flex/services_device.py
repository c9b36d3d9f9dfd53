"""The actions with which an administrator looks into a station: certificates, variables, monitors, reports."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
import probatio
from probatio import All, Coerce, In, Length, Optional, Range, Required

from .actions import NUMBER, PLACE, TRANSACTION, WORD, Action, Asked, async_register, charge, many, plain, report, some
from .core.model import tasks as t
from .core.model.commands import Variable
from .core.model.upkeep import UpkeepTask
from .targets import invalid

ROOTS: Final = (
    "CSMSRootCertificate",
    "ManufacturerRootCertificate",
    "V2GRootCertificate",
    "MORootCertificate",
    "OEMRootCertificate",
)
CHAINS: Final = (*ROOTS, "V2GCertificateChain")
ATTRIBUTES: Final = ("Actual", "Target", "MinSet", "MaxSet")
BASES: Final = ("FullInventory", "ConfigurationInventory", "SummaryInventory")
MONITORS: Final = (
    "UpperThreshold",
    "LowerThreshold",
    "Delta",
    "Periodic",
    "PeriodicClockAligned",
    "TargetDelta",
    "TargetDeltaRelative",
)

_severity: Final = All(Coerce(int), Range(min=0, max=9))

_ADDRESS: Final = {
    Required("component"): cv.string,
    Optional("component_instance"): cv.string,
    Optional("instance"): cv.string,
    **PLACE,
}
_VARIABLE: Final = {**_ADDRESS, Required("variable"): cv.string}
_HASH: Final = {
    Required("hashAlgorithm"): In(("SHA256", "SHA384", "SHA512")),
    Required("issuerNameHash"): cv.string,
    Required("issuerKeyHash"): cv.string,
    Required("serialNumber"): cv.string,
}


def _variable(row: dict[str, Any]) -> Variable:
    """Take the name of a variable out of a row; without one it stands for the whole component."""
    return Variable(
        row.pop("component"),
        row.pop("variable", ""),
        row.pop("evse", None),
        row.pop("connector", None),
        row.pop("component_instance", None),
        row.pop("instance", None),
    )


def _row[T](kind: Callable[..., T]) -> Callable[[dict[str, Any]], T]:
    return lambda row: kind(variable=_variable(row), **row)


def _hash(row: dict[str, str]) -> t.CertificateHash:
    return t.CertificateHash(
        algorithm=row["hashAlgorithm"],
        issuer_name=row["issuerNameHash"],
        issuer_key=row["issuerKeyHash"],
        serial=row["serialNumber"],
    )


_filter: Final = some(All({**_ADDRESS, Optional("variable"): cv.string}, _variable))
_certificate: Final = All(_HASH, _hash)


def _report(asked: Asked) -> UpkeepTask:
    """Ask for what is named, for everything where nothing is."""
    if not asked.fields.keys() & {"base", "criteria", "variables"}:
        asked.fields["base"] = "FullInventory"
    return report(t.AskReport)(asked)


def _write(asked: Asked) -> UpkeepTask:
    if any(w.variable.variable.casefold() == "basicauthpassword" for w in asked.fields["variables"]):
        raise invalid("password_elsewhere")  # written here, nobody would let the station in any more
    return t.SetVariables(**asked.fields)


def _customer(asked: Asked) -> UpkeepTask:
    if sum(name in asked.fields for name in ("token", "customer", "certificate")) != 1:
        raise invalid("customer_unclear")
    return report(t.CustomerInformation)(asked)


ACTIONS: Final[Mapping[str, Action]] = {
    "allow_energy_transfer": Action(
        {**TRANSACTION, Required("transfers"): many(cv.string)}, charge(t.AllowTransfers), admin=True
    ),
    "trigger_message": Action(
        {Required("message"): cv.string, **PLACE, Optional("custom"): cv.string}, plain(t.AskMessage), admin=True
    ),
    "clear_cache": Action({}, plain(t.ClearCache), admin=True),
    "install_certificate": Action(
        {
            Required("kind"): In(ROOTS),
            Required("certificate"): All(cv.string, str.strip, probatio.StartsWith("-----BEGIN CERTIFICATE-----")),
        },
        plain(t.InstallCertificate),
        admin=True,
    ),
    "get_certificates": Action(
        {Optional("kinds", default=list): some(In(CHAINS))}, plain(t.GetCertificates), admin=True
    ),
    "delete_certificate": Action({Required("certificate"): _certificate}, plain(t.DeleteCertificate), admin=True),
    "customer_information": Action(
        {
            Optional("report", default=True): cv.boolean,
            Optional("clear", default=False): cv.boolean,
            Optional("token"): WORD,
            Optional("token_type", default="ISO14443"): WORD,
            Optional("customer"): All(cv.string, Length(min=1, max=64)),
            Optional("certificate"): _certificate,
        },
        _customer,
        admin=True,
        rows="data",
        tell=lambda rows: "".join(row["data"] for row in rows),
    ),
    "transfer_data": Action(
        {Required("vendor"): cv.string, Optional("message"): cv.string, Optional("data"): object},
        plain(t.TransferData),
        admin=True,
    ),
    "get_variables": Action(
        {
            Required("variables"): many(
                All({**_VARIABLE, Optional("attribute"): In(ATTRIBUTES)}, _row(t.Reading)),
            )
        },
        plain(t.GetVariables),
        admin=True,
    ),
    "set_variables": Action(
        {
            Required("variables"): many(
                All({**_VARIABLE, Required("value"): cv.string, Optional("attribute"): In(ATTRIBUTES)}, _row(t.Writing))
            )
        },
        _write,
        admin=True,
    ),
    "get_report": Action(
        {
            Optional("base"): In(BASES),
            Optional("criteria"): some(cv.string),
            Optional("variables"): _filter,
        },
        _report,
        admin=True,
        rows="variables",
    ),
    "get_monitors": Action(
        {
            Optional("criteria", default=list): some(cv.string),
            Optional("variables", default=list): _filter,
        },
        report(t.AskMonitors),
        admin=True,
        rows="monitors",
    ),
    "set_monitors": Action(
        {
            Required("monitors"): many(
                All(
                    {
                        **_VARIABLE,
                        Required("kind"): In(MONITORS),
                        Required("value"): Coerce(float),
                        Optional("severity", default=8): _severity,
                        Optional("in_transaction", default=False): cv.boolean,
                        Optional("id"): NUMBER,
                    },
                    _row(t.Monitor),
                )
            )
        },
        plain(t.SetMonitors),
        admin=True,
    ),
    "clear_monitors": Action({Required("ids"): many(NUMBER)}, plain(t.ClearMonitors), admin=True),
    "set_monitoring_base": Action(
        {Required("base"): In(("All", "FactoryDefault", "HardWiredOnly"))}, plain(t.SetMonitoringBase), admin=True
    ),
    "set_monitoring_level": Action({Required("severity"): _severity}, plain(t.SetMonitoringLevel), admin=True),
}


@callback
def async_setup(hass: HomeAssistant) -> None:
    """Register the actions."""
    async_register(hass, ACTIONS)
