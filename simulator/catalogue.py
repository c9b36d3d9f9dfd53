"""The list of variables our station has."""

from collections.abc import Callable, Mapping
from functools import partial

from simulator.device_model import READ_WRITE, WRITE_ONLY, DeviceModel, Source, Variable

V2X_MODES = "ChargingOnly,CentralSetpoint,CentralFrequency,Idle"
PLAIN_MEASURANDS = (
    "Power.Active.Import,Power.Active.Export,Energy.Active.Import.Register,Energy.Active.Export.Register,"
    "Voltage,Current.Import,Current.Export,Current.Offered,Frequency,SoC"
)
ALL_MEASURANDS = (
    PLAIN_MEASURANDS + ",Power.Active.Setpoint,Power.Active.Residual,Display.PresentSOC,Display.TargetSOC,"
    "EnergyRequest.Target,EnergyRequest.Minimum,"
    "EnergyRequest.Maximum,EnergyRequest.Minimum.V2X,EnergyRequest.Maximum.V2X"
)
USUAL_MEASURANDS = (
    "Power.Active.Import,Power.Active.Export,Power.Active.Setpoint,Energy.Active.Import.Register,"
    "Energy.Active.Export.Register,Voltage,Current.Import,Current.Export,Display.PresentSOC"
)
ENERGY_MEASURANDS = "Energy.Active.Import.Register,Energy.Active.Export.Register"

fixed = Variable
boolean = partial(Variable, kind="boolean")
integer = partial(Variable, kind="integer")
chosen = partial(Variable, mutability=READ_WRITE)
switch = partial(Variable, kind="boolean", mutability=READ_WRITE)
number = partial(Variable, kind="integer", mutability=READ_WRITE, minimum=0)
decimal = partial(Variable, kind="decimal")
measurands = partial(Variable, kind="MemberList", mutability=READ_WRITE, values=ALL_MEASURANDS)


def build(live: Mapping[str, Source], given: Mapping[str, str]) -> DeviceModel:
    """Build the model; `live` tells changing values, `given` those fixed at the factory."""
    groups: list[Callable[[Mapping[str, Source], Mapping[str, str]], list[Variable]]] = [
        _station,
        _evse,
        _car,
        _network,
        _authorization,
        _transactions,
        _measuring,
        _smart_charging,
        _v2x,
        _screen,
        _vendor,
    ]
    return DeviceModel.of(variable for group in groups for variable in group(live, given))


def _station(live: Mapping[str, Source], given: Mapping[str, str]) -> list[Variable]:
    name = "ChargingStation"
    light = "ChargingStatusIndicator"
    return [
        fixed(name, "Model", given["model"]),
        fixed(name, "VendorName", given["vendor"]),
        fixed(name, "SerialNumber", given["serial"]),
        fixed(name, "FirmwareVersion", live["firmware"]),
        fixed(name, "AvailabilityState", live["station_availability"], kind="OptionList", monitored=True),
        boolean(name, "Available", "true"),
        boolean(name, "Problem", live["problem"], monitored=True),
        integer(name, "SupplyPhases", given["phases"]),
        fixed(name, "PhaseRotation", "RST"),
        boolean(light, "Active", live["light_active"], evse=1, connector=1, monitored=True),
        fixed(light, "Color", live["light_colour"], evse=1, connector=1, monitored=True),
        fixed("ClockCtrlr", "DateTime", live["now"], kind="dateTime"),
        fixed("ClockCtrlr", "TimeSource", "Heartbeat", kind="SequenceList"),
    ]


def _evse(live: Mapping[str, Source], given: Mapping[str, str]) -> list[Variable]:
    return [
        fixed("EVSE", "AvailabilityState", live["availability"], evse=1, kind="OptionList", monitored=True),
        boolean("EVSE", "Available", "true", evse=1),
        boolean("EVSE", "Problem", live["problem"], evse=1, monitored=True),
        integer("EVSE", "SupplyPhases", given["phases"], evse=1),
        decimal("EVSE", "Power", live["power"], evse=1, unit="W", maximum=float(given["max_charge_w"]), monitored=True),
        decimal(
            "EVSE",
            "DischargePower",
            live["discharge_power"],
            evse=1,
            unit="W",
            maximum=float(given["max_discharge_w"]),
            v2x=True,
        ),
        fixed("EVSE", "ActiveTransactionId", live["transaction"], evse=1, v2x=True),
        fixed(
            "Connector",
            "AvailabilityState",
            live["availability"],
            evse=1,
            connector=1,
            kind="OptionList",
            monitored=True,
        ),
        boolean("Connector", "Available", "true", evse=1, connector=1),
        fixed("Connector", "ConnectorType", "sType2", evse=1, connector=1),
        integer("Connector", "SupplyPhases", given["phases"], evse=1, connector=1),
        boolean("ConnectorPlugRetentionLock", "Problem", live["lock_problem"], evse=1, connector=1, monitored=True),
    ]


def _car(live: Mapping[str, Source], given: Mapping[str, str]) -> list[Variable]:
    name = "ConnectedEV"
    return [
        boolean(name, "Available", live["car_here"], evse=1, monitored=True),
        fixed(name, "VehicleId", live["car_id"], evse=1),
        fixed(name, "ProtocolAgreed", live["car_protocol"], evse=1),
        decimal(name, "StateOfCharge", live["car_soc"], evse=1, unit="Percent"),
        fixed(name, "DepartureTime", live["car_departure"], evse=1, kind="dateTime"),
        boolean("ISO15118Ctrlr", "Enabled", "true", evse=1, mutability=READ_WRITE),
        boolean("ISO15118Ctrlr", "PnCEnabled", "false", evse=1),
        boolean("ISO15118Ctrlr", "ServiceRenegotiationSupport", given["renegotiation"], evse=1, v2x=True),
        fixed("ISO15118Ctrlr", "ProtocolSupported", "urn:iso:std:iso:15118:-20:AC,1,0", evse=1, instance="1", v2x=True),
        fixed("ISO15118Ctrlr", "SeccId", "FRMOBE0000001", evse=1),
    ]


def _network(live: Mapping[str, Source], given: Mapping[str, str]) -> list[Variable]:
    name = "OCPPCommCtrlr"
    return [
        number(name, "HeartbeatInterval", "300", unit="s", minimum=1),
        number(name, "WebSocketPingInterval", "20", unit="s"),
        number(name, "OfflineThreshold", "60", unit="s"),
        number(name, "RetryBackOffWaitMinimum", "2", unit="s"),
        number(name, "RetryBackOffRandomRange", "2", unit="s"),
        number(name, "RetryBackOffRepeatTimes", "3"),
        number(name, "MessageTimeout", "30", instance="Default", unit="s", minimum=1),
        number(name, "MessageAttempts", "3", instance="TransactionEvent", minimum=1),
        number(name, "MessageAttemptInterval", "10", instance="TransactionEvent", unit="s"),
        chosen(name, "NetworkConfigurationPriority", "1", kind="SequenceList", needs_reboot=True),
        switch(name, "QueueAllMessages", "false"),
        Variable("SecurityCtrlr", "BasicAuthPassword", given["password"], WRITE_ONLY, minimum=16, maximum=40),
        fixed("SecurityCtrlr", "Identity", given["identity"]),
        integer("SecurityCtrlr", "SecurityProfile", live["security_profile"]),
        chosen("SecurityCtrlr", "OrganizationName", "Home"),
        integer("DeviceDataCtrlr", "ItemsPerMessage", "16", instance="GetVariables"),
        integer("DeviceDataCtrlr", "ItemsPerMessage", "8", instance="SetVariables"),
        integer("DeviceDataCtrlr", "ItemsPerMessage", "16", instance="GetReport"),
        integer("DeviceDataCtrlr", "BytesPerMessage", "65000", instance="GetVariables"),
        integer("DeviceDataCtrlr", "BytesPerMessage", "65000", instance="SetVariables"),
        boolean("MonitoringCtrlr", "Available", "true"),
        boolean("MonitoringCtrlr", "Enabled", "true"),
        integer("MonitoringCtrlr", "ItemsPerMessage", "8", instance="SetVariableMonitoring"),
    ]


def _authorization(live: Mapping[str, Source], given: Mapping[str, str]) -> list[Variable]:
    return [
        switch("AuthCtrlr", "Enabled", given["authorization"]),
        switch("AuthCtrlr", "AuthorizeRemoteStart", "true"),
        switch("AuthCtrlr", "LocalPreAuthorize", "false"),
        switch("AuthCtrlr", "LocalAuthorizeOffline", "true"),
        switch("AuthCtrlr", "OfflineTxForUnknownIdEnabled", "true"),
        switch("AuthCtrlr", "DisableRemoteAuthorization", "false"),
        boolean("AuthCacheCtrlr", "Available", "true"),
        switch("AuthCacheCtrlr", "Enabled", "false"),
        boolean("LocalAuthListCtrlr", "Available", "true"),
        switch("LocalAuthListCtrlr", "Enabled", "true"),
        integer("LocalAuthListCtrlr", "Entries", live["list_entries"], maximum=200),
        integer("LocalAuthListCtrlr", "ItemsPerMessage", "20"),
        integer("LocalAuthListCtrlr", "BytesPerMessage", "65000"),
        boolean("ReservationCtrlr", "Available", "true"),
        switch("ReservationCtrlr", "Enabled", "true"),
    ]


def _screen(live: Mapping[str, Source], given: Mapping[str, str]) -> list[Variable]:
    name = "DisplayMessageCtrlr"
    if given["screen"] != "true":
        return [boolean(name, "Available", "false")]
    return [
        boolean(name, "Available", "true"),
        integer(name, "DisplayMessages", live["messages"], maximum=10),
        integer(name, "DisplayMessages", "10", instance="Maximum"),
        fixed(name, "SupportedFormats", "ASCII,UTF8", kind="MemberList"),
        fixed(name, "SupportedPriorities", "AlwaysFront,InFront,NormalCycle", kind="MemberList"),
        fixed(name, "SupportedStates", "Charging,Faulted,Idle,Unavailable", kind="MemberList"),
    ]


def _vendor(live: Mapping[str, Source], given: Mapping[str, str]) -> list[Variable]:
    if not given["setpoint_component"]:
        return []
    place, name = given["setpoint_component"], given["setpoint_variable"]
    return [Variable(place, name, "0", READ_WRITE, "decimal", evse=1, unit="W")]


def _transactions(live: Mapping[str, Source], given: Mapping[str, str]) -> list[Variable]:
    points = "ParkingBayOccupancy,EVConnected,Authorized,PowerPathClosed,EnergyTransfer,DataSigned"
    return [
        chosen("TxCtrlr", "TxStartPoint", given["start_point"], kind="MemberList", values=points),
        chosen("TxCtrlr", "TxStopPoint", "EVConnected,Authorized", kind="MemberList", values=points),
        number("TxCtrlr", "EVConnectionTimeOut", "120", unit="s"),
        switch("TxCtrlr", "StopTxOnInvalidId", "true"),
        switch("TxCtrlr", "StopTxOnEVSideDisconnect", "true"),
        number("TxCtrlr", "MaxEnergyOnInvalidId", "0", unit="Wh"),
    ]


def _measuring(live: Mapping[str, Source], given: Mapping[str, str]) -> list[Variable]:
    name = "SampledDataCtrlr"
    return [
        switch(name, "Enabled", "true"),
        boolean(name, "Available", "true"),
        measurands(name, "TxStartedMeasurands", ENERGY_MEASURANDS),
        measurands(name, "TxUpdatedMeasurands", USUAL_MEASURANDS),
        measurands(name, "TxEndedMeasurands", ENERGY_MEASURANDS),
        number(name, "TxUpdatedInterval", given["update_interval_s"], unit="s"),
        number(name, "TxEndedInterval", "0", unit="s"),
        switch("AlignedDataCtrlr", "Enabled", "false"),
        number("AlignedDataCtrlr", "Interval", "0", unit="s"),
    ]


def _smart_charging(live: Mapping[str, Source], given: Mapping[str, str]) -> list[Variable]:
    name = "SmartChargingCtrlr"
    feature = partial(boolean, name, "SupportsFeature", v2x=True)
    return [
        boolean(name, "Available", "true"),
        switch(name, "Enabled", "true"),
        fixed(name, "RateUnit", given["units"], kind="MemberList"),
        integer(name, "ProfileStackLevel", given["max_stack_level"]),
        integer(name, "PeriodsPerSchedule", given["max_periods"]),
        integer(name, "Entries", "12", instance="ChargingProfiles", maximum=12),
        decimal(name, "LimitChangeSignificance", "10", mutability=READ_WRITE, unit="Percent"),
        boolean(name, "Phases3to1", "false"),
        boolean(name, "ACPhaseSwitchingSupported", "false"),
        switch(name, "ExternalControlSignalsEnabled", "false"),
        switch(name, "NotifyChargingLimitWithSchedules", "false"),
        fixed(name, "SupportedAdditionalPurposes", given["extra_purposes"], kind="MemberList", v2x=True),
        integer(name, "MaxExternalConstraintsId", given["max_external_id"], v2x=True),
        chosen(name, "SetpointPriority", "CSMS", kind="OptionList", values="CSMS,ExternalSystem", v2x=True),
        feature(value=given["dynamic"], instance="DynamicProfiles"),
        feature(value=given["offline_limit"], instance="MaxOfflineDuration"),
        feature(value="false", instance="UseLocalTime"),
        feature(value="false", instance="RandomizedDelay"),
        feature(value=given["limit_at_soc"], instance="LimitAtSoC"),
        feature(value="false", instance="EvseSleep"),
    ]


def _v2x(live: Mapping[str, Source], given: Mapping[str, str]) -> list[Variable]:
    name = "V2XChargingCtrlr"
    transfers = "AC_single_phase,AC_three_phase,AC_BPT"
    variables = [
        boolean(name, "Available", "true", evse=1, v2x=True),
        switch(name, "Enabled", "true", evse=1, v2x=True),
        fixed(name, "SupportedOperationModes", V2X_MODES, evse=1, kind="MemberList", v2x=True),
        fixed(name, "SupportedEnergyTransferModes", transfers, evse=1, kind="MemberList", v2x=True),
    ]
    for mode in V2X_MODES.split(","):
        variables += [
            measurands(name, "TxUpdatedMeasurands", "", evse=1, instance=mode, v2x=True),
            number(name, "TxUpdatedInterval", "0", evse=1, instance=mode, unit="s", v2x=True),
        ]
    return variables
