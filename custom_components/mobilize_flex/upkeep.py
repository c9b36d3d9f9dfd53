"""Looking after a station: a task goes out, its answer comes back as a value or as a clear error."""

from .coordinator import FlexCoordinator
from .core.model.facts import UpkeepDone
from .core.model.upkeep import UpkeepAnswer, UpkeepTask
from .core.ocpp.upkeep import answer_of, call_of


async def async_perform(site: FlexCoordinator, identity: str, task: UpkeepTask) -> UpkeepAnswer:
    """Ask a station and return what it answered; the controller learns of it too.

    Raises:
        ServiceValidationError: the station is unknown, or its version has no words for the task.
        HomeAssistantError: it is offline, did not answer in time, or refused to understand.
    """
    call = call_of(task)
    answer = answer_of(task, await site.async_ask(identity, call.action, dict(call.payload), call.timeout_s))
    site.take(UpkeepDone(station=identity, task=task, answer=answer))
    return answer
