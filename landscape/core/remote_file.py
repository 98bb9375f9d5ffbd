"""A file that somebody has published: its size, its checksum, where it is to be had."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RemoteFile:
    """A published file."""

    name: str
    """Under which it is kept; its name at a source may differ."""
    size: int
    checksum: str
    """`md5:` or `sha256:` and the hex digits."""
    sources: tuple[str, ...]
    """Addresses that hold the same bytes, in the order in which they are asked."""
    unpacked: int = 0
    """Bytes that the content of an archive takes; 0 for a file that is kept as it is."""
    content: Callable[[], bytes] | None = None
    """Makes the file, where its content follows from what is published: nothing is downloaded then."""

    def __post_init__(self) -> None:
        secure = self.checksum.startswith("sha256:")
        if not all(source.startswith("https://") or (secure and source.startswith("http://")) for source in self.sources):
            raise ValueError(f"{self.name}: a source must be https, or have a SHA-256")

    @property
    def shown_checksum(self) -> str:
        """As users compare it: `MD5 00d2...` or `SHA-256 6726...`."""
        algorithm, _, digits = self.checksum.partition(":")
        return f"{'MD5' if algorithm == 'md5' else 'SHA-256'} {digits}"

    def by_hand(self) -> str:
        """What to fetch by hand, in words."""
        return f"{self.name} from {' or '.join(self.sources)} ({self.shown_checksum})"

    def is_at(self, path: Path) -> bool:
        """Whether `path` is this file, byte for byte. OSError when it cannot be read."""
        if not path.is_file() or path.stat().st_size != self.size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, self.hasher).hexdigest() == self.digits

    def hasher(self) -> "hashlib._Hash":
        """A new hash of the kind that `checksum` is of."""
        # MD5 recognizes a published file here; where somebody could change it on its way, SHA-256 is required above.
        return hashlib.new(self.checksum.partition(":")[0], usedforsecurity=False)

    @property
    def digits(self) -> str:
        """The checksum alone, in hex digits."""
        return self.checksum.partition(":")[2]
