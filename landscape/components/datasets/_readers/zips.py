"""Reads zip files from unknown sources, member by member and within limits. Nothing is ever extracted to the disk."""

import stat
import zipfile
from pathlib import Path, PurePosixPath

from landscape.core.errors import UserError, reason_of

MAX_MEMBERS = 10_000_000
MAX_EXPANSION = 200
"""How many times its own size a zip may unpack to, beyond the first GiB. Pictures are compressed already, so that more is a zip bomb."""
_FREE_BYTES = 2**30


class Zip:
    """A zip whose list of members has been checked.

    Raises:
        UserError: The file is no zip or is truncated, or it holds encrypted members, paths that lead out of it, symbolic links, or a bomb.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise UserError(f"{path} is not a zip file: give the path of one")
            self._zip = zipfile.ZipFile(path)
            members = self._zip.infolist()
        except OSError as error:
            raise UserError(f"cannot read {path}: {error.strerror or error}") from error
        except UserError:
            raise
        # On damaged lists of members, zipfile raises many types (BadZipFile, struct.error, ValueError, NotImplementedError, ...).
        except Exception as error:
            raise UserError(f"{path} is not a zip file or is truncated ({reason_of(error)}): fetch or build it again") from error
        self._check(members)
        self._members = {m.filename: m for m in members if not m.is_dir()}
        self.names = sorted(n for n in self._members if not any(part.startswith(".") or part == "__MACOSX" for part in n.split("/")))

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def read(self, name: str, limit: int) -> bytes:
        """Return the content of a member, which may have at most `limit` bytes, and check its CRC. Several threads may call this."""
        member = self._members[name]
        if member.file_size > limit:
            raise UserError(f"{self.path}: {name} unpacks to {member.file_size:,} bytes, over the limit of {limit:,}: leave it out")
        try:
            with self._zip.open(member) as file:
                data = file.read(limit + 1)
        # On damaged members, zlib, lzma, bz2 and zipfile raise many types as well.
        except Exception as error:
            raise UserError(f"{self.path}: {name} is damaged ({reason_of(error)}): fetch or build the zip again") from error
        if len(data) != member.file_size:
            raise UserError(
                f"{self.path}: {name} holds {len(data):,} bytes where {member.file_size:,} were promised: fetch or build it again"
            )
        return data

    def _check(self, members: list[zipfile.ZipInfo]) -> None:
        if len(members) > MAX_MEMBERS:
            raise UserError(f"{self.path} holds {len(members):,} members, over the limit of {MAX_MEMBERS:,}: split it")
        total = sum(m.file_size for m in members)
        if total > _FREE_BYTES + MAX_EXPANSION * self.path.stat().st_size:
            raise UserError(
                f"{self.path} would unpack to {total:,} bytes, over {MAX_EXPANSION} times its size: it is a zip bomb, or not of pictures"
            )
        seen = set()
        for member in members:
            self._check_member(member)
            if member.filename in seen:
                raise UserError(f"{self.path} holds {member.filename!r} twice: build it again")
            seen.add(member.filename)

    def _check_member(self, member: zipfile.ZipInfo) -> None:
        name = member.filename
        if not name or name.startswith("/") or "\\" in name or ":" in name.split("/")[0] or ".." in PurePosixPath(name).parts:
            raise UserError(f"{self.path} holds the path {name!r}, which leads out of it: refused; build the zip with relative paths")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise UserError(f"{self.path} holds the symbolic link {name!r}: refused; put the file itself into the zip")
        if member.flag_bits & 0x1:
            raise UserError(f"{self.path}: {name!r} is encrypted: build the zip without a password")
