"""The shape of what stands inside an OCPP message.

Everything keeps the spelling of the wire: no case conversion anywhere.
"""

from datetime import UTC, datetime
from typing import Any

type Payload = dict[str, Any]


def iso(moment: datetime) -> str:
    """Write a moment as OCPP stations do: UTC, milliseconds, Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def moment(text: str | None) -> datetime | None:
    """Read an ISO moment of the wire; one without a zone counts as UTC."""
    if text is None:
        return None
    parsed = datetime.fromisoformat(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def without_nothing(**fields: Any) -> Payload:
    """Build a payload that leaves absent fields out, as OCPP-J demands."""
    return {name: value for name, value in fields.items() if value is not None}


def status(word: str, reason: str | None = None, more: str | None = None) -> Payload:
    """Build the common answer: a status, and why when it is a refusal."""
    if reason is None:
        return {"status": word}
    return {"status": word, "statusInfo": without_nothing(reasonCode=reason[:20], additionalInfo=more)}
