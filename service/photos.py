"""A photo as somebody names it, at the command line or in a mail: a file here, or an address."""

import hashlib
import mimetypes
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import ValidationError

from contracts.field_errors import field_errors_text
from contracts.photo import Photo


class PhotoFailed(Exception):
    """What was named is no photo; the message says why, and what to name."""


def photo_of(named: str) -> Photo:
    """Return the reference of a photo; of a file its size and digest, too. An address is not called.

    Args:
        named: a file's path, or an address that begins with http:// or https://.

    Raises:
        PhotoFailed: there is no such file, or its name is no picture's.
    """
    if named.startswith(("http://", "https://")):
        return _photo(named, Path(urlsplit(named).path).name, address=named)
    path = Path(named)
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        size_bytes = path.stat().st_size
    except OSError as failed:
        why = failed.strerror or str(failed)
        raise PhotoFailed(f"{named}: {why}; name a file, or an address with https://") from None
    return _photo(named, path.name, address=path.resolve().as_uri(), size_bytes=size_bytes, sha256=digest)


def _photo(named: str, name: str, *, address: str, size_bytes: int | None = None, sha256: str = "") -> Photo:
    media_type, _ = mimetypes.guess_type(name)
    if media_type is None or not media_type.startswith("image/"):
        raise PhotoFailed(
            f"{named}: its name is no picture's; name one that ends in .jpg, .png, .webp or .heic"
        )
    try:
        return Photo(name=name, media_type=media_type, size_bytes=size_bytes, address=address, sha256=sha256)
    except ValidationError as invalid:
        raise PhotoFailed(f"{named}: {field_errors_text(invalid)}") from None
