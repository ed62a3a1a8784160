"""Uploaded pictures: checked by their content, and encoded again."""

from __future__ import annotations

import io
import zlib

import pytest
from PIL import Image as Pillow

from portal.services.brands import images
from portal.services.brands.images import BadImage
from tests.brands.conftest import draw

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_any_of_three_formats_becomes_png(kind: str) -> None:
    png = images.encode_logo(draw(kind))
    with Pillow.open(io.BytesIO(png)) as picture:
        assert (picture.format, picture.size) == ("PNG", (64, 64))


def test_16_bits_of_grey_keep_their_brightness() -> None:
    output = io.BytesIO()
    Pillow.frombytes("I;16", (1, 1), (0x8000).to_bytes(2, "little")).save(output, "PNG")
    with Pillow.open(io.BytesIO(images.encode_logo(output.getvalue()))) as picture:
        assert picture.getpixel((0, 0)) == (128, 128, 128, 255)


@pytest.mark.parametrize(
    "content", [SVG, b"", b"<html>", b"GIF89a", draw("GIF"), draw("BMP"), draw("TIFF"), draw()[:60]]
)
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(BadImage, match="This picture can't be read"):
        images.encode_logo(content)


def test_what_is_hidden_in_a_file_is_gone() -> None:
    exif = Pillow.Exif()
    exif[0x010E] = "taken at home"
    content = draw("JPEG", exif=exif, comment=b"by Ann") + b"<script>alert(1)</script>"
    png = images.encode_logo(content)
    for hidden in (b"taken at home", b"by Ann", b"<script"):
        assert hidden in content
        assert hidden not in png


def test_a_picture_that_a_camera_turned_is_upright() -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6
    png = images.encode_logo(draw("JPEG", (40, 20), exif=exif))
    with Pillow.open(io.BytesIO(png)) as picture:
        assert picture.size == (20, 40)


def test_of_an_animation_the_first_frame_stays() -> None:
    second = Pillow.new("RGB", (8, 8), "#00ff00")
    content = draw("WEBP", (8, 8), "#ff0000", save_all=True, append_images=[second], lossless=True)
    with Pillow.open(io.BytesIO(images.encode_logo(content))) as picture:
        assert getattr(picture, "n_frames", 1) == 1
        assert picture.getpixel((4, 4)) == (255, 0, 0, 255)


def test_a_small_file_with_many_pixels_is_refused_before_it_is_decoded() -> None:
    """The header promises 60,000 × 60,000 pixels, which would take 14 GB."""
    header = (60_000).to_bytes(4, "big") * 2 + bytes([8, 6, 0, 0, 0])
    chunks = (b"IHDR" + header, b"IDAT" + zlib.compress(b"\0" * 100), b"IEND")
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        (len(chunk) - 4).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big") for chunk in chunks
    )
    with pytest.raises(BadImage, match="too many pixels"):
        images.encode_logo(content)


def test_a_large_file_is_refused() -> None:
    with pytest.raises(BadImage, match="at most 1 MB"):
        images.encode_logo(draw() + bytes(images.MOST_BYTES))


def test_a_large_logo_is_made_smaller() -> None:
    png = images.encode_logo(draw(size=(1600, 800)))
    with Pillow.open(io.BytesIO(png)) as picture:
        assert picture.size == (320, 160)


def test_an_icon_is_square() -> None:
    with pytest.raises(BadImage, match="64 × 32 pixels"):
        images.encode_icon(draw(size=(64, 32)))
    with Pillow.open(io.BytesIO(images.resize(images.encode_icon(draw()), 180))) as picture:
        assert picture.size == (180, 180)
