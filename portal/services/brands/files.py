"""The files of brands, by their digests. Each function raises NotFound for what no brand has any more."""

from django.db.models import Q

from portal.models import Brand, Image
from portal.services.brands import current, images
from portal.services.errors import NotFound


def get_stylesheet(digest: str) -> str:
    css = current.find_stylesheet(digest)
    if css is None:
        raise NotFound
    return css


def get_logo(digest: str) -> bytes:
    """PNG."""
    return _get_content(digest, Q(logo__digest=digest))


def get_icon(digest: str, *, side: int) -> bytes:
    """A square PNG with one of ICON_SIZES."""
    if side not in images.ICON_SIZES:
        raise NotFound
    return images.resize(_get_content(digest, Q(icon__digest=digest)), side)


def _get_content(digest: str, is_used: Q) -> bytes:
    """Of a picture that a brand uses: those of customers are for their own people."""
    if not Brand.objects.filter(is_used).exists():
        raise NotFound
    image = Image.objects.filter(digest=digest).first()
    if image is None:
        raise NotFound
    return bytes(image.content)
