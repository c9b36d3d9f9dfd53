"""What a station does otherwise than the standard says, counted."""

from enum import StrEnum
from typing import Final

_EXAMPLES: Final = 64
_EXAMPLE_LENGTH: Final = 160


class Oddity(StrEnum):
    """Name each departure from the standard once."""

    MALFORMED_FRAME = "malformed_frame"
    BINARY_FRAME = "binary_frame"
    LONG_MESSAGE_ID = "long_message_id"
    NUMERIC_MESSAGE_ID = "numeric_message_id"
    REPEATED_CALL = "repeated_call"
    REUSED_MESSAGE_ID = "reused_message_id"
    TOO_MANY_CALLS = "too_many_calls"
    UNKNOWN_ANSWER = "unknown_answer"
    LATE_ANSWER = "late_answer"
    MALFORMED_ANSWER = "malformed_answer"
    ANSWER_COMPLAINED = "answer_complained"
    UNKNOWN_ACTION = "unknown_action"
    UNSUPPORTED_ACTION = "unsupported_action"
    NEWER_PAYLOAD = "newer_payload"
    MENDED_PAYLOAD = "mended_payload"
    REFUSED_PAYLOAD = "refused_payload"
    IMPLAUSIBLE_VALUE = "implausible_value"
    UNKNOWN_WORD = "unknown_word"
    SILENT = "silent"
    NEGLECTED_CALL = "neglected_call"
    OWN_ERROR = "own_error"


class Conformance:
    """Count oddities, with an example or two of each."""

    __slots__ = ("_counts", "_examples")

    def __init__(self) -> None:
        """Begin with a clean record."""
        self._counts: dict[Oddity, int] = {}
        self._examples: dict[str, int] = {}

    def note(self, oddity: Oddity, example: str = "") -> None:
        """Count one oddity; examples are few and short, whatever a station sends."""
        self._counts[oddity] = self._counts.get(oddity, 0) + 1
        if example:
            key = f"{oddity}: {example}"[:_EXAMPLE_LENGTH]
            if key in self._examples or len(self._examples) < _EXAMPLES:
                self._examples[key] = self._examples.get(key, 0) + 1

    def count(self, oddity: Oddity) -> int:
        """Return how often it happened."""
        return self._counts.get(oddity, 0)

    @property
    def counts(self) -> dict[str, int]:
        """Return every count by name."""
        return {str(oddity): count for oddity, count in self._counts.items()}

    @property
    def examples(self) -> dict[str, int]:
        """Return examples with their counts."""
        return dict(self._examples)
