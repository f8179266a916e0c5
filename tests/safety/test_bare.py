"""What a camera writes into a photo does not leave with it, unless she says so."""

import io

import pytest
from flask.testing import FlaskClient
from PIL import Image, ImageChops, ImageOps
from time_machine import Traveller

from clinic import clock
from clinic.safety.reports.bare import Broken, bare
from tests.safety import pictures
from tests.safety.notes import PLANTED, Office, file, write
from tests.safety.pictures import EVERY, NAMES
from tests.safety.test_note_input import beside
from tests.site.conftest import words


def opened(content: bytes) -> Image.Image:
    found = Image.open(io.BytesIO(content))
    found.load()
    return found


def says(content: bytes) -> set[int]:
    """What its EXIF speaks of; the GPS folder counts as itself."""
    return set(opened(content).getexif())


@pytest.mark.parametrize(("kind", "content"), EVERY, ids=NAMES)
def test_place_time_and_device_are_gone_and_the_picture_looks_the_same(kind: str, content: bytes) -> None:
    assert {0x8825, 0x010F, 0x0132} <= says(content)
    clean = bare(kind, content)
    assert says(clean) <= {0x0112}
    for telling in (pictures.SECRET, pictures.MADE, b"xmpmeta", b"Photoshop", b"ftyp", b"tIME", b"Zipped"):
        assert telling not in clean
    before, after = opened(content), opened(clean)
    assert not ImageChops.difference(before.convert("RGBA"), after.convert("RGBA")).getbbox(alpha_only=False)
    assert after.info.get("icc_profile") == before.info.get("icc_profile")
    turned = ImageOps.exif_transpose(before), ImageOps.exif_transpose(after)
    assert turned[0].size == turned[1].size
    assert not ImageChops.difference(*(one.convert("RGBA") for one in turned)).getbbox(alpha_only=False)
    assert bare(kind, clean) == clean


def test_the_small_picture_inside_goes_too() -> None:
    small = b"JFIF\0\x01\x01\0\0\x01\0\x01\x02\x02" + pictures.SECRET[:12]
    content = pictures.jpeg()
    with_it = content[:2] + b"\xff\xe0" + (len(small) + 2).to_bytes(2, "big") + small + content[2:]
    assert pictures.SECRET[:12] not in bare("jpeg", with_it)


@pytest.mark.parametrize(("kind", "content"), EVERY, ids=NAMES)
def test_a_file_cut_anywhere_is_refused_or_tells_nothing(kind: str, content: bytes) -> None:
    for end in range(0, len(content), 7):
        try:
            clean = bare(kind, content[:end])
        except Broken:
            continue
        assert pictures.SECRET not in clean
        assert pictures.MADE not in clean


@pytest.mark.parametrize(("kind", "content"), EVERY[::4], ids=NAMES[::4])
def test_without_a_script_the_organization_gets_the_bare_photo_or_the_whole_one_if_she_wishes(
    she: FlaskClient, ngo: Office, evening: Traveller, kind: str, content: bytes
) -> None:
    assert write(she, text=PLANTED, photo=file(content)).status_code == 200
    assert write(she, text=PLANTED, photo=file(content), keep="1").status_code == 200
    sealed = {photo.content for letter in ngo.fetch(clock.now()) for photo in letter.content.photos}
    assert sealed == {bare(kind, content), content}
    assert all("keep" not in letter.content.said for letter in ngo.fetch(clock.now()))


def test_a_photo_that_can_not_be_followed_is_refused_beside_its_field_and_taken_whole_if_she_wishes(
    she: FlaskClient, ngo: Office
) -> None:
    torn = pictures.jpeg()[:200]
    answer = write(she, text=PLANTED, photo=file(torn))
    assert answer.status_code == 400
    assert "или повреждён" in beside(answer, "photo")
    assert PLANTED in answer.text
    assert write(she, text=PLANTED, photo=file(torn), keep="1").status_code == 200


def test_the_page_says_what_is_taken_out_and_keeping_is_off(she: FlaskClient) -> None:
    page = she.get("/ru/note")
    assert "Место, время и модель телефона внутри убираем" in words(page)
    assert "Оставить место и время" in words(page)
    assert 'name="keep" value="1">' in page.text
