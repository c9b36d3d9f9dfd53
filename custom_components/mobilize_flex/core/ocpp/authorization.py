"""The verdict on a badge, in a station's words."""

from ..model.commands import AnswerAuthorize, AnswerTransaction
from .local_list import group_token
from .wire import Payload, stamp


def authorization(answer: AnswerAuthorize) -> Payload:
    """Return the answer to somebody who wants to be let in."""
    payload: Payload = {"idTokenInfo": token_words(answer)}
    if answer.certificate is not None:
        payload["certificateStatus"] = str(answer.certificate)
    return payload


def token_words(answer: AnswerAuthorize | AnswerTransaction) -> Payload:
    """Return what a station may know of a badge: the verdict, for how long it holds, and whose charges it may end."""
    words: Payload = {"status": str(answer.status)}
    if answer.until is not None:
        words["cacheExpiryDateTime"] = stamp(answer.until)
    if answer.group is not None:
        words["groupIdToken"] = group_token(answer.group)
    return words
