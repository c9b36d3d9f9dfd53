"""What a station shows, whom it trusts, what it keeps of people."""

from ..model.tasks import (
    CertificateHash,
    ClearDisplayMessage,
    CustomerInformation,
    DeleteCertificate,
    GetCertificates,
    GetDisplayMessages,
    InstallCertificate,
    SetDisplayMessage,
    TransferData,
)
from ..model.upkeep import UpkeepCall, UpkeepTask, call_with
from .upkeep_use import token
from .wire import Payload, filled, stamp


def call_of(task: UpkeepTask) -> UpkeepCall | None:
    """Return a task as a call; ``None`` where another block has the words."""
    match task:
        case SetDisplayMessage():
            return _display(task)
        case GetDisplayMessages(request_id=number, ids=ids, priority=priority, state=state):
            payload = filled(requestId=number, id=[*ids] or None, priority=priority, state=state)
            return call_with("GetDisplayMessages", payload, state)
        case ClearDisplayMessage(id=number):
            return UpkeepCall("ClearDisplayMessage", {"id": number})
        case InstallCertificate(kind=kind, certificate=certificate):
            return call_with("InstallCertificate", {"certificateType": kind, "certificate": certificate}, kind)
        case GetCertificates(kinds=kinds):
            return call_with("GetInstalledCertificateIds", filled(certificateType=[*kinds] or None), *kinds)
        case DeleteCertificate(certificate=certificate):
            return UpkeepCall("DeleteCertificate", {"certificateHashData": _hash(certificate)})
        case CustomerInformation():
            return _customer(task)
        case TransferData(vendor=vendor, message=message, data=data):
            return UpkeepCall("DataTransfer", filled(vendorId=vendor, messageId=message) | _any(data))
        case _:
            return None


def _display(task: SetDisplayMessage) -> UpkeepCall:
    message = filled(
        id=task.id,
        priority=task.priority,
        state=task.state,
        startDateTime=None if task.start is None else stamp(task.start),
        endDateTime=None if task.end is None else stamp(task.end),
        transactionId=task.transaction,
        message=filled(format=task.format, language=task.language, content=task.message),
    )
    return call_with("SetDisplayMessage", {"message": message}, task.state, task.format)


def _customer(task: CustomerInformation) -> UpkeepCall:
    payload = filled(
        requestId=task.request_id,
        report=task.report,
        clear=task.clear,
        idToken=token(task.token, task.token_type),
        customerIdentifier=task.customer,
        customerCertificate=None if task.certificate is None else _hash(task.certificate),
    )
    return UpkeepCall("CustomerInformation", payload)


def _hash(certificate: CertificateHash) -> Payload:
    return {
        "hashAlgorithm": certificate.algorithm,
        "issuerNameHash": certificate.issuer_name,
        "issuerKeyHash": certificate.issuer_key,
        "serialNumber": certificate.serial,
    }


def _any(data: object) -> dict[str, object]:
    """Return what is to be transferred; ``None`` is nothing, everything else goes as it is."""
    return {} if data is None else {"data": data}
