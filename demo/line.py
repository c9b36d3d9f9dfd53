"""How a station of the demo dials in."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Line:
    """Hold a station's password, the security profile it needs, and the only protocol it is offered, if one."""

    password: str
    profile: int = 1
    protocol: str | None = None

    @classmethod
    def read(cls, password: str, terms: str) -> Self:
        """Return what was noted in an earlier run."""
        profile, _, protocol = terms.partition("/")
        return cls(password, int(profile), protocol or None)

    @property
    def terms(self) -> str:
        """Return all but the password, to be noted."""
        return f"{self.profile}/{self.protocol or ''}"
