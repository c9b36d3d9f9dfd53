"""The names under which the integration's settings are kept."""

from typing import Final

from homeassistant.const import Platform

DOMAIN: Final = "mobilize_flex"
PLATFORMS: Final = (
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.CALENDAR,
    Platform.EVENT,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
    Platform.TIME,
    Platform.UPDATE,
)

# kinds of subentries
STATION: Final = "station"
VEHICLE: Final = "vehicle"
METER: Final = "meter"
TARIFF: Final = "tariff"
CONTACTS: Final = "contacts"

# site (the entry itself)
CONF_PHASES: Final = "phases"
CONF_BREAKER_A: Final = "breaker_a"
CONF_SUBSCRIBED_KVA: Final = "subscribed_kva"
CONF_V2G_CONSENT: Final = "v2g_consent"
CONF_FEED_IN_W: Final = "feed_in_w"
CONF_IMBALANCE_W: Final = "imbalance_w"
CONF_SECURITY: Final = "security"
CONF_TLS_PORT: Final = "tls_port"
CONF_HOST_NAME: Final = "host_name"
CONF_RSA_EXCHANGE: Final = "rsa_key_exchange"
CONF_MOUNTED: Final = "mounted"
CONF_RATE_LIMIT: Final = "rate_limit"
CONF_SUN: Final = "sun"

# station
CONF_IDENTITY: Final = "identity"
CONF_SELECTOR: Final = "selector"
CONF_FALLBACK_A: Final = "fallback_a"
CONF_PRIORITY: Final = "priority"
CONF_LINE_BREAKER_A: Final = "line_breaker_a"
CONF_CONDUCTOR: Final = "conductor_mm2"
CONF_ROTATION: Final = "rotation"
CONF_LEAD: Final = "lead"
CONF_ACCESS: Final = "access"
CONF_TOKENS: Final = "tokens"
CONF_ROUTE: Final = "route"
CONF_SEALED: Final = "sealed_secret"
CONF_SEALED_NEXT: Final = "sealed_secret_next"
CONF_PROFILE: Final = "security_profile"
CONF_EPOCH: Final = "security_epoch"
CONF_USER: Final = "user_name"
CONF_PROTOCOL: Final = "protocol"
CONF_HOLD_NEW: Final = "hold_new"
CONF_AUTOMATIC: Final = "automatic"

# its vendor behind us
CONF_VENDOR_URL: Final = "vendor_url"
CONF_VENDOR_IDENTITY: Final = "vendor_identity"
CONF_VENDOR_USER: Final = "vendor_user"
CONF_VENDOR_PASSWORD: Final = "vendor_password"
CONF_VENDOR_ROOT: Final = "vendor_root"

# vehicle
CONF_CAPACITY_KWH: Final = "capacity_kwh"
CONF_MAX_CHARGE_KW: Final = "max_charge_kw"
CONF_MIN_CHARGE_KW: Final = "min_charge_kw"
CONF_MAX_DISCHARGE_KW: Final = "max_discharge_kw"
CONF_MIN_DISCHARGE_KW: Final = "min_discharge_kw"
CONF_CHARGE_EFFICIENCY_PCT: Final = "charge_efficiency_pct"
CONF_DISCHARGE_EFFICIENCY_PCT: Final = "discharge_efficiency_pct"
CONF_SOC_ENTITY: Final = "soc_entity"
CONF_PLUG_ENTITY: Final = "plug_entity"
CONF_EVCCID: Final = "evccid"

# meter and tariff: which of the kinds below, and what that kind needs
CONF_KIND: Final = "kind"
CONF_LINE: Final = "line"
CONF_INVERTED: Final = "inverted"
CONF_PRICE: Final = "price"
CONF_PEAK_PRICE: Final = "peak_price"
CONF_OFF_PEAK_PRICE: Final = "off_peak_price"
CONF_OFF_PEAK_WINDOWS: Final = "off_peak_windows"
CONF_SUMMER_WINDOWS: Final = "summer_off_peak_windows"
CONF_TEMPO_PRICES: Final = (
    "blue_off_peak",
    "blue_peak",
    "white_off_peak",
    "white_peak",
    "red_off_peak",
    "red_peak",
)
CONF_LINKY_HOURS: Final = "linky_hours"
CONF_COLOURS: Final = "colours"
CONF_COLOUR_TODAY: Final = "colour_today"
CONF_COLOUR_TOMORROW: Final = "colour_tomorrow"
CONF_ATTRIBUTES: Final = "attributes"
CONF_ACTION_DATA: Final = "action_data"
CONF_DAY_FIELD: Final = "day_field"
CONF_UNIT: Final = "unit"
CONF_FACTOR: Final = "factor"
CONF_SURCHARGE: Final = "surcharge"
CONF_EXPORT_KIND: Final = "export_kind"
CONF_EXPORT_PRICE: Final = "export_price"
CONF_EXPORT_ENTITY: Final = "export_entity"

# a Modbus meter, and current transformers
CONF_TABLE: Final = "table"
CONF_LINK: Final = "link"
CONF_UNIT_ID: Final = "unit_id"
CONF_BAUDRATE: Final = "baudrate"
CONF_PARITY: Final = "parity"
CONF_STOP_BITS: Final = "stop_bits"
CONF_FUNCTION: Final = "function"
CONF_WORDS: Final = "words"
CONF_ROWS: Final = "rows"
CONF_ORDER: Final = "phase_order"
CONF_TURNED: Final = "turned_phases"
CONF_RATIO_A: Final = "ratio_a"
CONF_RATIO_MV: Final = "ratio_mv"
CONF_SIGNED: Final = "signed"
CONF_TRANSFORMERS: Final = ("transformer_1", "transformer_2", "transformer_3")
CONF_PERIOD_S: Final = "period_s"

# a meter played by sensors, or read by a station
CONF_FED_IN: Final = "fed_in_entity"
CONF_PHASE_POWERS: Final = ("power_1", "power_2", "power_3")
CONF_CURRENTS: Final = ("current_1", "current_2", "current_3")
CONF_VOLTAGES: Final = ("voltage_1", "voltage_2", "voltage_3")
CONF_STATION: Final = "station"
CONF_WHERE: Final = "where"

WHERE_UPSTREAM: Final = "upstream"
WHERE_MAIN: Final = "main_meter"

# the contacts of the grid operator
CONF_DEVICES: Final = "devices"
CONF_OTHERS: Final = "other_powers"
CONF_HEATING_KW: Final = "heating_kw"
CONF_LIMIT_KW: Final = "limit_kw"
CONF_ACTIVE_WHEN: Final = "active_when"
CONF_CONTACTS: Final = {
    "dim_contacts": "dim",
    "stop_contacts": "stop",
    "feed_60_contact": "feed_60",
    "feed_30_contact": "feed_30",
    "feed_0_contact": "feed_0",
}
CONF_CODE_CONTACTS: Final = ("code_contact_1", "code_contact_2")
CONF_CODE: Final = ("code_open_open", "code_closed_open", "code_open_closed", "code_closed_closed")

ACTIVE_CLOSED: Final = "closed"
ACTIVE_OPEN: Final = "open"
CONTACTS_OWN: Final = "each_its_own"
CONTACTS_CODE: Final = "code_of_two"

LINK_TCP: Final = "tcp"
LINK_SERIAL: Final = "serial"
LINK_BRIDGE: Final = "rtu_over_tcp"
TABLE_OWN: Final = "own"

METER_LINKY: Final = "linky"
METER_P1: Final = "p1"
METER_MODBUS: Final = "modbus"
METER_TRANSFORMERS: Final = "transformers"
METER_ENTITY: Final = "entity"
METER_STATION: Final = "station"

TARIFF_BASE: Final = "base"
TARIFF_PEAK: Final = "peak_off_peak"
TARIFF_TEMPO: Final = "tempo"
TARIFF_ENTITY: Final = "published_entity"
TARIFF_ACTION: Final = "published_action"

COLOURS_LINKY: Final = "linky"
COLOURS_ENTITY: Final = "entity"
COLOURS_NONE: Final = "none"

EXPORT_NONE: Final = "none"
EXPORT_FIXED: Final = "fixed"
EXPORT_ENTITY: Final = "entity"

PER_KWH: Final = "per_kwh"
PER_MWH: Final = "per_mwh"

SECURITY_TLS: Final = "tls"
SECURITY_BOTH: Final = "both"
SECURITY_PLAIN: Final = "plain"

PROTOCOL_ANY: Final = "any"

CHARGE_ONLY: Final = "charge_only"

ACCESS_OPEN: Final = "open"
ACCESS_BADGES: Final = "badges"

DEFAULT_PORT: Final = 9000
DEFAULT_RATE_LIMIT: Final = 20  # messages a second from one station in the long run
DEFAULT_HOST: Final = "0.0.0.0"  # every interface of the home's network: stations dial in from it
