"""What can go wrong with a question, by kind."""
from __future__ import annotations

import re

import grpc


class Error(grpc.RpcError):
    """A question that got no answer. Of no other kind: the server failed, or does not know the question.

    message: the whole sentence, for example "UNKNOWN_GALAXY: no galaxy 1-2 ...".
    reason: the word in capitals that it begins with, stable from release to release (those of the server are listed in
        peculiar/v1/query_service.proto); "" when there is none.
    """

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.message = message
        found = re.match(r"([A-Z][A-Z0-9_]+):", message)
        self.reason = found.group(1) if found else ""
        self._code = code

    def code(self) -> grpc.StatusCode:
        """As of any grpc.RpcError."""
        return self._code

    def details(self) -> str:
        """As of any grpc.RpcError."""
        return self.message


class InvalidRequest(Error, ValueError):
    """The question makes no sense: a malformed id, an unknown score or space, a bad filter."""


class NotFound(Error, LookupError):
    """There is no such galaxy in the sample, model, snapshot or tag."""


class Refused(Error):
    """Makes sense, but not now or not so: AMBIGUOUS_ID, SNAPSHOT_RETIRED, NO_SNAPSHOT; or the server is over a limit."""


class Denied(Refused):
    """The server wants a token or a certificate, or another one."""


class Unreachable(Error):
    """No answer: nobody listens there, or not within the time."""


_KINDS: dict[grpc.StatusCode, type[Error]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidRequest,
    grpc.StatusCode.OUT_OF_RANGE: InvalidRequest,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.FAILED_PRECONDITION: Refused,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Refused,
    grpc.StatusCode.UNAUTHENTICATED: Denied,
    grpc.StatusCode.PERMISSION_DENIED: Denied,
    grpc.StatusCode.UNAVAILABLE: Unreachable,
    grpc.StatusCode.DEADLINE_EXCEEDED: Unreachable,
}


def of_status(code: grpc.StatusCode, message: str) -> Error:
    """The Error of a gRPC status that is not OK."""
    return _KINDS.get(code, Error)(code, message)


def invalid(reason: str, message: str) -> InvalidRequest:
    """A question refused before it is sent."""
    return InvalidRequest(grpc.StatusCode.INVALID_ARGUMENT, f"{reason}: {message}")
