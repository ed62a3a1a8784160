"""Pages of a list, by the number in the address."""

from django.http import HttpRequest


def read_page(request: HttpRequest) -> int:
    """The number in the address, 1 without one; 0, which is no page, for anything else."""
    text = request.GET.get("page", "1")
    return int(text) if text.isdecimal() and len(text) < 9 else 0
