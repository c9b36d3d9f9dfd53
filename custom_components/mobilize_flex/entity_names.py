"""The names under which entities keep things, said beforehand so that all of a kind share one table of them.

Python gives the instances of a class one table of at most thirty names; with each instance that is made before all of
them are known there is room for fewer, and an entity that finds none keeps 1.5 KiB for a table of its own. So the
first of each kind has all names, and is thrown away. A name that is missing here, or is no longer used, costs memory
and nothing else.
"""

from collections.abc import Iterable
from typing import Final

from homeassistant.components.button import ButtonEntity
from homeassistant.components.event import EventEntity
from homeassistant.components.sensor import SensorEntity
from homeassistant.components.update import UpdateEntity
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.restore_state import RestoreEntity

ALL: Final = (
    "_cached_friendly_name",
    "_device_class_name",
    "_name_translation_key",
    "_object_id_device_class_name",
    "_on_remove",
    "_platform_state",
    "_removed_from_registry",
    "_shown",
    "_shown_at",
    "_state_info",
    "_unsub_device_updates",
    "_unsub_registry_updates",
    "_verified_state_writable",
    "coordinator",
    "device_entry",
    "entity_description",
    "entity_id",
    "hass",
    "name",
    "parallel_updates",
    "place",
    "platform",
    "platform_data",
    "registry_entry",
    "translation_placeholders",
)
MORE: Final[tuple[tuple[type[Entity], tuple[str, ...]], ...]] = (
    (RestoreEntity, ("_RestoreEntity__added_entity_registry_id",)),
    (
        SensorEntity,
        (
            "_sensor_option_display_precision",
            "_sensor_option_unit_of_measurement",
            "_unit_of_measurement_translation_key",
        ),
    ),
    (ButtonEntity, ("state",)),
    (
        EventEntity,
        (
            "_EventEntity__last_event_attributes",
            "_EventEntity__last_event_triggered",
            "_EventEntity__last_event_type",
        ),
    ),
    (UpdateEntity, ("_UpdateEntity__skipped_version",)),
)


def share_names(kind: type[Entity], own: Iterable[str]) -> None:
    """Make room for the names of a kind of entity, and for its ``own``, before there is any."""
    more = (name for base, names in MORE if issubclass(kind, base) for name in names)
    object.__new__(kind).__dict__.update(dict.fromkeys((*ALL, *more, *own)))
