"""What happened at a station that its owner should hear of once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class SecurityEvent(StrEnum):
    """Name the security events of the standard (OCPP 2.1 appendix 1), and one for all others."""

    FIRMWARE_UPDATED = "firmware_updated"
    FAILED_TO_AUTHENTICATE_AT_CSMS = "failed_to_authenticate_at_csms"
    CSMS_FAILED_TO_AUTHENTICATE = "csms_failed_to_authenticate"
    SETTING_SYSTEM_TIME = "setting_system_time"
    STARTUP_OF_THE_DEVICE = "startup_of_the_device"
    RESET_OR_REBOOT = "reset_or_reboot"
    SECURITY_LOG_WAS_CLEARED = "security_log_was_cleared"
    RECONFIGURATION_OF_SECURITY_PARAMETERS = "reconfiguration_of_security_parameters"
    MEMORY_EXHAUSTION = "memory_exhaustion"
    INVALID_MESSAGES = "invalid_messages"
    ATTEMPTED_REPLAY_ATTACKS = "attempted_replay_attacks"
    TAMPER_DETECTION_ACTIVATED = "tamper_detection_activated"
    INVALID_FIRMWARE_SIGNATURE = "invalid_firmware_signature"
    INVALID_FIRMWARE_SIGNING_CERTIFICATE = "invalid_firmware_signing_certificate"
    INVALID_CSMS_CERTIFICATE = "invalid_csms_certificate"
    INVALID_CHARGING_STATION_CERTIFICATE = "invalid_charging_station_certificate"
    DISCARDED_RENEWED_CLIENT_CERTIFICATE = "discarded_renewed_client_certificate"
    INVALID_TLS_VERSION = "invalid_tls_version"
    INVALID_TLS_CIPHER_SUITE = "invalid_tls_cipher_suite"
    MAINTENANCE_LOGIN_ACCEPTED = "maintenance_login_accepted"
    MAINTENANCE_LOGIN_FAILED = "maintenance_login_failed"
    OTHER = "other"


class Fault(StrEnum):
    """Name the faults an owner has to see to."""

    TAMPER = "tamper"
    LEAKAGE = "leakage"
    LOCK = "lock"
    OVERLOAD = "overload"
    OVERHEATING = "overheating"
    GRID = "grid"
    OUT_OF_SERVICE = "out_of_service"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Hold one of them; ``number`` counts those of a station, ``origin`` and ``text`` are the station's words."""

    number: int
    what: SecurityEvent | Fault
    at: datetime
    evse: int | None = None
    origin: str | None = None
    text: str | None = None


_FAULTS: Final[Mapping[str, Fault]] = {
    "tamper": Fault.TAMPER,
    "accessbarrier": Fault.TAMPER,
    "tiltsensor": Fault.TAMPER,
    "shocksensor": Fault.TAMPER,
    "shunttrip": Fault.LEAKAGE,
    "leak": Fault.LEAKAGE,
    "residual": Fault.LEAKAGE,
    "rcd": Fault.LEAKAGE,
    "groundfault": Fault.LEAKAGE,
    "isolation": Fault.LEAKAGE,
    "clock": Fault.OTHER,
    "lock": Fault.LOCK,
    "latch": Fault.LOCK,
    "overcurrent": Fault.OVERLOAD,
    "overload": Fault.OVERLOAD,
    "temp": Fault.OVERHEATING,
    "derctrlr": Fault.GRID,
    "electricalfeed": Fault.GRID,
}
"""What a component's or variable's name says of the fault; the first that fits."""


def fault_of(origin: str) -> Fault:
    """Return the kind of fault a component's variable stands for."""
    name = origin.casefold()
    return next((fault for word, fault in _FAULTS.items() if word in name), Fault.OTHER)
