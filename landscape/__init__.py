"""Fair comparisons of GANs. `import landscape` is cheap, because heavy modules are loaded on first use."""

from typing import TYPE_CHECKING, Any

from landscape.core.version import __version__

if TYPE_CHECKING:
    from landscape.api import build, evaluate, train

__all__ = ["__version__", "build", "evaluate", "train"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from landscape import api

        return getattr(api, name)
    raise AttributeError(f"module 'landscape' has no attribute {name!r}")
