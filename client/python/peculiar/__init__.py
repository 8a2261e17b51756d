"""Asks a Peculiar server from Python, and draws what it answers: see Client."""
import pkgutil

__path__ = pkgutil.extend_path(__path__, __name__)  # in the tree, peculiar.v1, the stubs that the build makes, lies elsewhere

from peculiar.errors import Denied, Error, InvalidRequest, NotFound, Refused, Unreachable
from peculiar.client import Client

__all__ = ["Client", "Denied", "Error", "InvalidRequest", "NotFound", "Refused", "Unreachable"]
