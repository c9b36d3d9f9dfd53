"""What the demo's house draws, and the sensor that says so where no simulated meter does."""

from typing import Final

HOUSE_ENTITY: Final = "sensor.demo_house_power"
HOUSE_W: Final = 2_400

# Without a meter that speaks every few seconds nothing may ever be given back. It sees what stations from outside say
# their cars take, as a real meter would; what is charged and what is given back are two sensors, both positive.
HOUSE_SENSOR: Final = f"""\
- triggers:
    - trigger: time_pattern
      seconds: /2
  sensor:
    - name: Demo house power
      unique_id: mobilize_flex_demo_house_power
      default_entity_id: {HOUSE_ENTITY}
      device_class: power
      state_class: measurement
      unit_of_measurement: W
      state: >-
        {{% set ns = namespace(car_w=0.0) %}}
        {{% for e in integration_entities('mobilize_flex')
            if e is match('sensor[.].*_(power|puissance)$')
            and (device_attr(e, 'manufacturer')
                 or device_attr(device_attr(e, 'via_device_id') or '', 'manufacturer')) %}}
        {{% set ns.car_w = ns.car_w + states(e) | float(0) %}}
        {{% endfor %}}
        {{{{ ({HOUSE_W} + ns.car_w) | round(0) }}}}
"""
