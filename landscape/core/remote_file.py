"""A published file: its size, its checksum and the addresses that offer it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RemoteFile:
    """A file that can be downloaded, and how to recognize it."""

    name: str
    """The name under which the file is kept. A source may use another name."""
    size: int
    checksum: str
    """`md5:` or `sha256:`, followed by the hex digits."""
    sources: tuple[str, ...]
    """Addresses that offer the same bytes, in the order in which they are tried."""
    unpacked: int = 0
    """The number of bytes that an archive's content takes. It is 0 for a file that is kept as it is."""
    content: Callable[[], bytes] | None = None
    """Returns the bytes of a file that can be computed from published facts. Such a file is not downloaded."""

    def __post_init__(self) -> None:
        secure = self.checksum.startswith("sha256:")
        if not all(source.startswith("https://") or (secure and source.startswith("http://")) for source in self.sources):
            raise ValueError(f"{self.name}: a source must be https, or have a SHA-256")

    @property
    def shown_checksum(self) -> str:
        """The checksum in the form in which users compare it: `MD5 00d2...` or `SHA-256 6726...`."""
        algorithm, _, digits = self.checksum.partition(":")
        return f"{'MD5' if algorithm == 'md5' else 'SHA-256'} {digits}"

    def by_hand(self) -> str:
        """Say in words what a user has to download by hand."""
        return f"{self.name} from {' or '.join(self.sources)} ({self.shown_checksum})"

    def is_at(self, path: Path) -> bool:
        """Return whether `path` holds exactly this file, byte for byte.

        Raises:
            OSError: The file exists but cannot be read.
        """
        if not path.is_file() or path.stat().st_size != self.size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, self.hasher).hexdigest() == self.digits

    def hasher(self) -> "hashlib._Hash":
        """Return a new hash object of the kind that `checksum` uses."""
        # MD5 only recognizes a published file here. Where somebody could change the file on its way (http), `__post_init__` requires
        # SHA-256.
        return hashlib.new(self.checksum.partition(":")[0], usedforsecurity=False)

    @property
    def digits(self) -> str:
        """The checksum's hex digits alone."""
        return self.checksum.partition(":")[2]
