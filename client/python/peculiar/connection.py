"""Messages to a server and back: deadlines, retries, pages, errors."""
from __future__ import annotations

import os
import pathlib
import random
import re
import threading
import time
from collections.abc import Iterator
from typing import Any, Callable, Optional, TypeVar, Union

import grpc
from google.protobuf.message import Message

from peculiar import errors
from peculiar.v1 import query_service_pb2_grpc

FIRST_WAIT = 0.1  # seconds before the first retry; doubled for each further one
LONGEST_WAIT = 2.0
CHANNEL_OPTIONS = (
    ("grpc.enable_http_proxy", 0),  # a proxy meant for the web must not catch calls to a server on this network
    ("grpc.initial_reconnect_backoff_ms", 50),  # the waits are ours; gRPC's would outlast them
    ("grpc.max_reconnect_backoff_ms", 200),
)
File = Union[str, "os.PathLike[str]"]
T = TypeVar("T")


class Connection:
    """One channel to a QueryService; for any number of threads. Does not connect before the first call.

    A request is a message of peculiar.v1, XRequest; the answer is its XResponse. Arguments: see peculiar.Client.
    """

    def __init__(self, address: str, *, timeout: float, retries: int, token: Optional[str] = None,
                 root_certificates: Optional[File] = None, certificate: Optional[File] = None,
                 key: Optional[File] = None) -> None:
        _check_address(address)
        if token is not None and root_certificates is None and not _is_local(address):
            raise errors.invalid("BAD_CREDENTIALS", f"a token is not sent to {address} in the clear: give root_certificates too")
        if (certificate is None) != (key is None):
            raise errors.invalid("BAD_CREDENTIALS", "a certificate and its key go together")
        if certificate is not None and root_certificates is None:
            raise errors.invalid("BAD_CREDENTIALS", "a certificate is for TLS: give root_certificates too")
        self.address = address
        self._timeout = timeout
        self._retries = retries
        self._metadata = () if token is None else (("authorization", f"Bearer {token}"),)
        if root_certificates is None:
            self._channel = grpc.insecure_channel(address, options=CHANNEL_OPTIONS)
        else:
            credentials = grpc.ssl_channel_credentials(_read(root_certificates), _read(key), _read(certificate))
            self._channel = grpc.secure_channel(address, credentials, options=CHANNEL_OPTIONS)
        self._stub = query_service_pb2_grpc.QueryServiceStub(self._channel)

    def close(self) -> None:
        self._channel.close()

    def ask(self, request: Message) -> Any:
        """The response to one request. UNAVAILABLE is tried again within the time; errors are peculiar.Error."""
        rpc = self._rpc(request)
        return self._attempt(lambda timeout: rpc(request, timeout=timeout, metadata=self._metadata))

    def pages(self, request: Any) -> Iterator[Any]:
        """The responses to a request with a page_token, one after the other, all from one snapshot."""
        asked = type(request)()
        asked.CopyFrom(request)
        while True:
            page = self.ask(asked)
            yield page
            if not page.next_page_token:
                return
            asked.page_token, asked.snapshot_id = page.next_page_token, page.snapshot_id

    def stream(self, request: Message) -> Iterator[Any]:
        """The responses of a streaming RPC, the time limit for each. Tried again only until the first one is there."""
        rpc = self._rpc(request)

        def begin(timeout: float) -> tuple[Any, Any]:
            responses = rpc(request, metadata=self._metadata)
            return responses, _next(responses, timeout)

        responses, response = self._attempt(begin)
        try:
            while response is not None:
                yield response
                response = _next(responses, self._timeout)
        except grpc.RpcError as error:
            raise self._error(error, attempts=0) from None
        finally:
            responses.cancel()

    def _rpc(self, request: Message) -> Callable[..., Any]:
        rpc: Callable[..., Any] = getattr(self._stub, type(request).__name__[:-len("Request")])
        return rpc

    def _attempt(self, call: Callable[[float], T]) -> T:
        deadline = time.monotonic() + self._timeout
        wait = FIRST_WAIT
        attempt = 0
        while True:
            attempt += 1
            try:
                return call(max(deadline - time.monotonic(), 0.001))
            except grpc.RpcError as error:
                failure = self._error(error, attempt)
            pause = wait * random.uniform(0.5, 1)  # many scripts that lost one server do not come back at once
            if (failure.code() != grpc.StatusCode.UNAVAILABLE or attempt > self._retries
                    or time.monotonic() + pause >= deadline):
                raise failure
            time.sleep(pause)
            wait = min(2 * wait, LONGEST_WAIT)

    def _error(self, error: Any, attempts: int) -> errors.Error:
        """attempts: 0 = it was reached before."""
        code, message = error.code(), error.details() or ""
        if code == grpc.StatusCode.UNAVAILABLE:
            tried = f"cannot reach {self.address} in {attempts} attempts" if attempts else f"lost {self.address}"
            message = f"{tried}: {message}"
        elif code == grpc.StatusCode.DEADLINE_EXCEEDED:
            message = f"no answer from {self.address} within {self._timeout:g} s"
        elif code == grpc.StatusCode.UNIMPLEMENTED:
            message = f"what listens at {self.address} does not answer this question: {message}"
        return errors.of_status(code, message)


def _next(responses: Any, seconds: float) -> Any:
    """The next of a stream, None after the last; a stream that is silent for so long has failed."""
    silent = threading.Event()

    def give_up() -> None:
        silent.set()
        responses.cancel()

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()
    try:
        return next(responses, None)
    except grpc.RpcError as error:
        if silent.is_set():
            raise errors.of_status(grpc.StatusCode.DEADLINE_EXCEEDED, "silent") from None
        raise
    finally:
        timer.cancel()


def _check_address(address: str) -> None:
    """A bare host would be dialled at gRPC's default port, 443, which is never what is meant."""
    found = re.fullmatch(r"(?:[^:]+|\[[^\[\]]+\]):(\d+)", address)
    if not (re.fullmatch(r"unix:.+", address) or found and 1 <= int(found.group(1)) <= 65535):
        raise errors.invalid("BAD_ADDRESS", f"server address {address!r} is not host:port, [ipv6]:port or unix:path")


def _is_local(address: str) -> bool:
    return re.match(r"(127\.[\d.]+|localhost|\[::1\]):|unix:", address) is not None


def _read(path: Optional[File]) -> Optional[bytes]:
    return None if path is None else pathlib.Path(path).read_bytes()
