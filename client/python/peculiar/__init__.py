"""Asks a Peculiar server from Python, and draws what it answers."""
import pkgutil

__path__ = pkgutil.extend_path(__path__, __name__)  # peculiar.v1, the stubs that the build makes, lies elsewhere

from peculiar.client import Client

__all__ = ["Client"]
