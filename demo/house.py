"""What the demo's house draws, and the sensor that says so where no simulated meter does."""

from typing import Final

HOUSE_ENTITY: Final = "sensor.demo_house_power"
HOUSE_W: Final = 2_400

# Without a meter that speaks every few seconds nothing may ever be given back. Stations from outside move real
# cars as little as this house is real, so their power does not show in it.
HOUSE_SENSOR: Final = f"""\
- triggers:
    - trigger: time_pattern
      seconds: /5
  sensor:
    - name: Demo house power
      unique_id: mobilize_flex_demo_house_power
      default_entity_id: {HOUSE_ENTITY}
      device_class: power
      state_class: measurement
      unit_of_measurement: W
      state: "{HOUSE_W}"
"""
