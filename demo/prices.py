"""The demo's price list: a high price now, a cheap night after it, whatever the clock says."""

from datetime import datetime, timedelta
from typing import Final

PRICE_ENTITY: Final = "sensor.demo_prices"
FEED_IN_PRICE: Final = 0.08
ATTRIBUTE: Final = "prices"
SLOT_S: Final = 900
SLOTS_A_DAY: Final = 96
SLOTS_AHEAD: Final = 144
DEPARTURE: Final = timedelta(hours=9)

# From which slot of the demo's day on, what a kilowatt-hour costs. The day begins when the demo does, with an evening
# peak; nine hours later the car leaves, and in the evening comes the next peak.
STRETCHES: Final = (
    (0, 0.52),
    (4, 0.21),
    (6, 0.07),
    (28, 0.24),
    (36, 0.19),
    (44, 0.12),
    (56, 0.25),
    (64, 0.43),
    (76, 0.22),
)

# Home Assistant computes the list itself, so it is there after a restart before anybody else is.
SENSOR: Final = """\
- sensor:
    - name: Demo prices
      unique_id: mobilize_flex_demo_prices
      default_entity_id: {entity_id}
      icon: mdi:chart-timeline-variant
      unit_of_measurement: EUR/kWh
      state: >-
        {{% set place = (now().timestamp() // {slot_s} - {first}) % {day} %}}
        {{{{ ({stretches} | selectattr(0, 'le', place) | list | last)[1] }}}}
      attributes:
        {attribute}: >-
          {{% set begun = (now().timestamp() // {slot_s}) | int %}}
          {{% set list = namespace(rows=[]) %}}
          {{% for slot in range(begun, begun + {ahead}) %}}
          {{% set place = (slot - {first}) % {day} %}}
          {{% set price = ({stretches} | selectattr(0, 'le', place) | list | last)[1] %}}
          {{% set row = {{'start': (slot * {slot_s}) | timestamp_utc, 'end': ((slot + 1) * {slot_s}) | timestamp_utc,
          'value': price}} %}}
          {{% set list.rows = list.rows + [row] %}}
          {{% endfor %}}
          {{{{ list.rows }}}}
"""


def price_sensor(now: datetime) -> str:
    """Return the sensor that publishes the prices of a demo that begins now, as Home Assistant's YAML."""
    return SENSOR.format(
        entity_id=PRICE_ENTITY,
        attribute=ATTRIBUTE,
        slot_s=SLOT_S,
        first=int(now.timestamp()) // SLOT_S,
        day=SLOTS_A_DAY,
        ahead=SLOTS_AHEAD,
        stretches=list(STRETCHES),
    )


def departure(now: datetime) -> datetime:
    """Return when the car of a demo that begins now shall leave."""
    leaves = now + DEPARTURE
    return leaves - timedelta(minutes=leaves.minute % 15, seconds=leaves.second, microseconds=leaves.microsecond)
