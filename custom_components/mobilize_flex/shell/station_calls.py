"""What can become of a question to a station, other than an answer."""


class CallRefused(Exception):
    """A station refused a question."""

    def __init__(self, code: str, description: str, details: str = "") -> None:
        """Keep how."""
        super().__init__(code)
        self.code = code
        self.description = description
        self.details = details


class CallTimeout(Exception):
    """A station did not answer in time."""


class StationOffline(Exception):
    """A station is not connected, or hung up before it answered."""


class InvalidCall(Exception):
    """A question breaks the rules of its version; the text says where."""
