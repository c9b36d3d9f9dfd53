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

# site (the entry itself)
CONF_PHASES: Final = "phases"
CONF_BREAKER_A: Final = "breaker_a"
CONF_SUBSCRIBED_KVA: Final = "subscribed_kva"
CONF_V2G_CONSENT: Final = "v2g_consent"
CONF_FEED_IN_W: Final = "feed_in_w"
CONF_SECURITY: Final = "security"
CONF_TLS_PORT: Final = "tls_port"
CONF_HOST_NAME: Final = "host_name"
CONF_RSA_EXCHANGE: Final = "rsa_key_exchange"
CONF_MOUNTED: Final = "mounted"
CONF_RATE_LIMIT: Final = "rate_limit"

# station
CONF_IDENTITY: Final = "identity"
CONF_SELECTOR: Final = "selector"
CONF_FALLBACK_A: Final = "fallback_a"
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

# vehicle
CONF_CAPACITY_KWH: Final = "capacity_kwh"
CONF_MAX_CHARGE_KW: Final = "max_charge_kw"
CONF_MIN_CHARGE_KW: Final = "min_charge_kw"
CONF_MAX_DISCHARGE_KW: Final = "max_discharge_kw"
CONF_MIN_DISCHARGE_KW: Final = "min_discharge_kw"
CONF_CHARGE_EFFICIENCY_PCT: Final = "charge_efficiency_pct"
CONF_DISCHARGE_EFFICIENCY_PCT: Final = "discharge_efficiency_pct"
CONF_SOC_ENTITY: Final = "soc_entity"
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

LINK_TCP: Final = "tcp"
LINK_SERIAL: Final = "serial"
LINK_BRIDGE: Final = "rtu_over_tcp"
TABLE_OWN: Final = "own"

METER_LINKY: Final = "linky"
METER_P1: Final = "p1"
METER_MODBUS: Final = "modbus"
METER_TRANSFORMERS: Final = "transformers"
METER_ENTITY: Final = "entity"

TARIFF_BASE: Final = "base"
TARIFF_PEAK: Final = "peak_off_peak"
TARIFF_ENTITY: Final = "published_entity"
TARIFF_ACTION: Final = "published_action"

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
