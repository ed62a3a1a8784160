"""Pictures that people upload: decoded and encoded again as PNG, so that nothing but the pixels is left of the file.

Only PNG, JPEG and WebP, told by the content. Of an animation the first frame is kept; EXIF and other data is not.
"""

from __future__ import annotations

import hashlib
import io
from functools import lru_cache

from django.utils.translation import gettext as _
from PIL import Image as Pillow
from PIL import ImageOps

from portal.models import Image

MOST_BYTES = 1_000_000
# Decoded, a picture takes four bytes for each pixel.
MOST_PIXELS = 16_000_000
LOGO_SIZE = (640, 160)
ICON_SIZE = (512, 512)
ICON_SIZES = (32, 180, 192, 512)
_FORMATS = ("PNG", "JPEG", "WEBP")


class BadImage(Exception):
    """`for_people` says what is wrong with the file."""

    def __init__(self, for_people: str) -> None:
        super().__init__(for_people)
        self.for_people = for_people


def encode_logo(content: bytes) -> bytes:
    """A PNG that fits into LOGO_SIZE. Raises BadImage."""
    return _encode(_decode(content), LOGO_SIZE)


def encode_icon(content: bytes) -> bytes:
    """A square PNG, at most ICON_SIZE. Raises BadImage."""
    picture = _decode(content)
    if picture.width != picture.height:
        size = {"width": picture.width, "height": picture.height}
        raise BadImage(_("The icon must be square. This picture has %(width)d × %(height)d pixels.") % size)
    return _encode(picture, ICON_SIZE)


def store(png: bytes) -> Image:
    """The row of a picture that `encode_logo` or `encode_icon` has made."""
    with Pillow.open(io.BytesIO(png), formats=("PNG",)) as picture:
        size = {"width": picture.width, "height": picture.height}
    digest = hashlib.sha256(png).hexdigest()
    return Image.objects.get_or_create(digest=digest, defaults={"content": png, **size})[0]


@lru_cache(maxsize=64)
def resize(png: bytes, side: int) -> bytes:
    """A square icon with this many pixels on each side."""
    with Pillow.open(io.BytesIO(png), formats=("PNG",)) as picture:
        return _save(picture.convert("RGBA").resize((side, side)))


def _decode(content: bytes) -> Pillow.Image:
    """The size is checked before any pixel is decoded."""
    if len(content) > MOST_BYTES:
        raise BadImage(_("The file is too large: at most 1 MB."))
    try:
        with Pillow.open(io.BytesIO(content), formats=_FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise BadImage(_("The picture has too many pixels: at most 16 million."))
            picture.seek(0)
            upright = ImageOps.exif_transpose(picture)
            if upright.mode.startswith("I"):  # 16 bits of grey, of which Pillow would keep the lower 8
                upright = upright.point(lambda value: value / 256).convert("L")
            return upright.convert("RGBA")
    except BadImage:
        raise
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning):
        raise BadImage(_("The picture has too many pixels: at most 16 million.")) from None
    except Exception as error:  # decoders raise nearly anything for a damaged file
        raise BadImage(_("This picture can't be read. Use PNG, JPEG or WebP.")) from error


def _encode(picture: Pillow.Image, size: tuple[int, int]) -> bytes:
    picture.thumbnail(size)
    return _save(picture)


def _save(picture: Pillow.Image) -> bytes:
    """From the pixels alone: a picture carries colour profiles and comments with it."""
    clean = Pillow.new("RGBA", picture.size)
    clean.paste(picture)
    output = io.BytesIO()
    clean.save(output, "PNG", optimize=True)
    return output.getvalue()
