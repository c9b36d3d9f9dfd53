"""One of the three programmes, as its owner changes it piece by piece and is told what it costs."""

from dataclasses import replace
from typing import Any, Final, override

from homeassistant.helpers.entity import EntityDescription

from .coordinator import FlexCoordinator
from .core.model.intents import SetProgramme
from .core.model.programme import MOST_PROGRAMMES, Programme
from .entity import FlexEntity, Seen, Value
from .places import Place

NUMBERS: Final = range(1, MOST_PROGRAMMES + 1)


def climate_words(programme: Programme | None) -> dict[str, Any]:
    """Return what preparing the cabin costs in V2G hours, as response data, and what to do about it."""
    lost_h = programme.v2g_hours_lost if programme is not None else 0.0
    return {
        "v2g_hours_lost": round(lost_h, 2),
        "recommendation": "precondition_outside_programme" if lost_h else None,
    }


class ProgrammeEntity(FlexEntity):
    """Show and change one setting of a programme; without the programme there is nothing to show."""

    def __init__(self, coordinator: FlexCoordinator, place: Place, number: int, description: EntityDescription) -> None:
        """Belong to a programme by its number."""
        super().__init__(coordinator, place, description)
        self._number = number
        self._attr_translation_placeholders = {"number": str(number)}

    @property
    @override
    def key(self) -> str:
        """Return what nothing else of its platform is called at its place."""
        return f"programme_{self._number}_{self.entity_description.key}"

    @property
    def programme(self) -> Programme | None:
        """Return the programme, if there is one."""
        return self.coordinator.state.wishes.programme(self._number)

    def setting(self, programme: Programme) -> Value:
        """Return the setting that is shown."""
        raise NotImplementedError

    @override
    def see(self) -> Seen:
        programme = self.programme
        return Seen(available=False) if programme is None else Seen(True, self.setting(programme))

    def change(self, **settings: Any) -> None:
        """Change the programme; an entity that is not available is never asked to."""
        if self.programme is not None:
            self.coordinator.put(SetProgramme(replace(self.programme, **settings)))
