"""Why each slot of a plan does what it does, with the figures its sentence needs.

Each rule looks at one slot of a finished plan and speaks only if what it would say is true of that plan; the first
that speaks is the reason. ``agreement`` holds the same statements against the plan again, by its own means.

Prices are per kWh at the charger: what the house's bill changes by, sun and limits included. Instants are ISO text.
"""

from ..model.reasons import Reason, Why
from .moving import CHARGING, GIVING
from .resting import RESTING
from .story import Story


def explain(story: Story, slot: int) -> Why:
    """Return why a slot of a plan does what it does."""
    if story.case.away[slot]:
        return Why(Reason.NOT_CONNECTED)
    power = story.power_kw[slot]
    rules = CHARGING if power > 0 else GIVING if power < 0 else RESTING
    spoken = (rule(story, slot) for rule in rules)
    return next((why for why in spoken if why is not None), Why(Reason.STEADY))
