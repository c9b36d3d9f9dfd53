"""Answers that say Accepted and mean nothing."""

from simulator.payload import Payload, status


def _variables(asked: Payload) -> Payload:
    results = [
        {"attributeStatus": "Accepted", "component": item["component"], "variable": item["variable"]}
        for item in asked["getVariableData"]
    ]
    return {"getVariableResult": results}


def _transaction(asked: Payload) -> Payload:
    ongoing = {"ongoingIndicator": False} if "transactionId" in asked else {}
    return {**ongoing, "messagesInQueue": False}


def hollow_answer(action: str, asked: Payload) -> Payload:
    """Accept and do nothing."""
    if action == "GetVariables":
        return _variables(asked)
    return _transaction(asked) if action == "GetTransactionStatus" else status("Accepted")
