"""The shelf the books stand on between two starts."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from ..model.accounts import Account, Books, DayPage, DiaryPage
from ..model.commands import Keep

ACCOUNT: Final = "account/"
DIARY: Final = "diary/"
DAY: Final = "day/"


def kept_type(key: str) -> type[object] | None:
    """Return what is kept under a key of the books."""
    kinds: tuple[tuple[str, type[object]], ...] = ((ACCOUNT, Account), (DIARY, DiaryPage), (DAY, DayPage))
    return next((kind for prefix, kind in kinds if key.startswith(prefix)), None)


def changes(before: Books, after: Books) -> Iterator[Keep]:
    """Yield what has to be stored because of a step."""
    yield from _changed(ACCOUNT, before.accounts, after.accounts)
    yield from _changed(DIARY, before.diary, after.diary)
    yield from _changed(DAY, before.days, after.days)


def _changed[K: (str, int, date)](prefix: str, before: Mapping[K, object], after: Mapping[K, object]) -> Iterator[Keep]:
    if after is not before:
        for key, value in after.items():
            if before.get(key) is not value:
                yield Keep(f"{prefix}{key}", value)


def restore(kept: Mapping[str, object], at_hand: Iterable[str]) -> Books:
    """Return the books as they were left."""
    known = set(at_hand)
    accounts = {v.key: v for v in _of(kept, ACCOUNT, Account).values() if v.key in known}
    pages = {int(key): page for key, page in _of(kept, DIARY, DiaryPage).items() if key.isdecimal()}
    days = {date.fromisoformat(key): page for key, page in _of(kept, DAY, DayPage).items()}
    return Books(accounts=MappingProxyType(accounts), diary=MappingProxyType(pages), days=MappingProxyType(days))


def _of[V](kept: Mapping[str, object], prefix: str, kind: type[V]) -> dict[str, V]:
    rows = ((k.removeprefix(prefix), v) for k, v in kept.items() if k.startswith(prefix))
    return {key: value for key, value in rows if isinstance(value, kind)}
