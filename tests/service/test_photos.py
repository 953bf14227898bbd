"""A photo is named by a file or an address, and kept by reference."""

import hashlib
from pathlib import Path

import pytest
from pydantic import ValidationError

from contracts.photo import Photo
from contracts.reply import OpenQuestion, Reply
from service.photos import PhotoFailed, photo_of


def test_a_file_is_kept_by_name_type_size_digest_and_address(tmp_path: Path) -> None:
    picture = tmp_path / "crack.PNG"
    picture.write_bytes(b"bytes")

    photo = photo_of(str(picture))

    assert (photo.name, photo.media_type, photo.size_bytes) == ("crack.PNG", "image/png", 5)
    assert (photo.sha256, photo.address) == (hashlib.sha256(b"bytes").hexdigest(), picture.as_uri())


def test_an_address_is_kept_as_it_is() -> None:
    photo = photo_of("https://photos.example/a/b.jpeg?size=2")

    assert (photo.name, photo.media_type, photo.size_bytes) == ("b.jpeg", "image/jpeg", None)


@pytest.mark.parametrize("named", ["missing.jpg", "https://photos.example/", "https://photos.example/a.pdf"])
def test_what_is_no_photo_is_said(named: str) -> None:
    with pytest.raises(PhotoFailed, match=named):
        photo_of(named)


def test_a_photo_that_nobody_can_find_is_none() -> None:
    with pytest.raises(ValidationError, match="an address or a sha256"):
        Photo(name="a.jpg", media_type="image/jpeg")
    with pytest.raises(ValidationError, match="address"):
        Photo(name="a.jpg", media_type="image/jpeg", address="javascript:alert(1)")


def test_photos_alone_are_a_reply_and_other_photos_are_another_one() -> None:
    one, other = (photo_of(f"https://photos.example/{number}.jpg") for number in (1, 2))
    question = {"kind": "photos", "text": "ask_photos", "what": "photos"}
    opened = OpenQuestion.model_validate({"question": question, "first": 1, "number": 1})

    keys = {opened.key(Reply(photos=(each,))) for each in (one, other, one)}

    assert (len(keys), Reply(photos=(one,)).words) == (2, "")
    with pytest.raises(ValidationError, match="a text, the number of a choice, or photos"):
        Reply()
