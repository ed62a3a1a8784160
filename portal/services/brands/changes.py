"""What operators change about brands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.models import Brand, BrandHost, Customer, Image
from portal.permissions import Permission, Person
from portal.services import authorization
from portal.services.audit.record import record
from portal.services.brands import colors, current, fields, images, stylesheet
from portal.services.errors import Conflict, Invalid, NotFound


@dataclass(frozen=True, slots=True)
class BrandText:
    """The fields of the form as they were typed."""

    name: str = ""
    hosts: str = ""
    accent: str = ""
    support_contact: str = ""
    links: str = ""
    footer: str = ""
    sender_name: str = ""
    sender_address: str = ""


@dataclass(frozen=True, slots=True)
class ImageChange:
    """`content` is an uploaded file; empty changes nothing, unless `removes`."""

    content: bytes = b""
    removes: bool = False


@dataclass(frozen=True, slots=True)
class StoredBrand:
    """A brand with its host names, for its form and the list. `id` 0: not stored yet."""

    id: int
    brand: current.CurrentBrand
    hosts: tuple[str, ...]
    is_default: bool

    @property
    def text(self) -> BrandText:
        brand = self.brand
        return BrandText(
            name=brand.name,
            hosts="\n".join(self.hosts),
            accent=brand.accent,
            support_contact=brand.support_contact,
            links="\n".join(f"{text} {url}" for text, url in brand.links),
            footer=brand.footer,
            sender_name=brand.sender_name,
            sender_address=brand.sender_address,
        )


def list_brands(*, by: Person) -> list[StoredBrand]:
    """The default brand first, stored or not. Raises NotFound without the permission."""
    authorization.require_platform_permission(Permission.CHANGE_SETTINGS, by=by)
    stored = [_describe(row) for row in _select().order_by("-is_default", "name", "pk")]
    return stored if stored and stored[0].is_default else [_get_unset(), *stored]


def get_brand(brand_id: int | None, *, by: Person) -> StoredBrand:
    """None is a new brand, 0 the default one. Raises NotFound."""
    authorization.require_platform_permission(Permission.CHANGE_SETTINGS, by=by)
    if brand_id is None:
        return StoredBrand(0, current.CurrentBrand("", current.get_url()), (), is_default=False)
    row = _find(brand_id)
    return _describe(row) if row is not None else _get_unset()


def save_brand(
    brand_id: int | None, text: BrandText, *, logo: ImageChange, icon: ImageChange, by: Person
) -> StoredBrand:
    """`brand_id` as for `get_brand`. Raises NotFound, Invalid and Conflict."""
    authorization.require_platform_permission(Permission.CHANGE_SETTINGS, by=by)
    is_default = brand_id == 0 or (brand_id is not None and (row := _find(brand_id)) is not None and row.is_default)
    values, hosts, pictures = _check(text, logo=logo, icon=icon, is_default=is_default)
    try:
        with transaction.atomic():
            row = (_find(brand_id, lock=True) if brand_id is not None else None) or Brand(is_default=is_default)
            before = _summarize(row) if row.pk else None
            for name, value in values.items():
                setattr(row, name, value)
            _set_image(row, "logo", logo, pictures["logo"])
            _set_image(row, "icon", icon, pictures["icon"])
            row.save()
            _set_hosts(row, hosts)
            delete_unused_images()
            kind = "brand.changed" if before else "brand.added"
            record(kind, by=by, target=row.name, before=before, after=_summarize(row))
    except IntegrityError:
        raise Conflict(_("Someone else has just saved this brand or one of its host names.")) from None
    current.forget()
    return _describe(_select().get(pk=row.pk))


def delete_brand(brand_id: int, *, by: Person) -> None:
    """Its hosts show the default brand again. Raises NotFound, and Conflict for the default brand."""
    authorization.require_platform_permission(Permission.CHANGE_SETTINGS, by=by)
    with transaction.atomic():
        row = _find(brand_id, lock=True)
        if row is None or row.is_default:
            raise Conflict(_("The default brand can be changed, but not deleted."))
        before = _summarize(row)
        row.delete()
        delete_unused_images()
        record("brand.deleted", by=by, target=row.name, before=before)
    current.forget()


def delete_unused_images() -> None:
    unused = Image.objects.exclude(pk__in=Brand.objects.filter(logo__isnull=False).values("logo"))
    unused = unused.exclude(pk__in=Brand.objects.filter(icon__isnull=False).values("icon"))
    unused.exclude(pk__in=Customer.objects.filter(logo__isnull=False).values("logo")).delete()


def preview(text: BrandText, *, at: StoredBrand, by: Person) -> current.CurrentBrand:
    """The brand as it would be, with what is valid of the text."""
    authorization.require_platform_permission(Permission.CHANGE_SETTINGS, by=by)
    errors: dict[str, str] = {}
    values = _read(text, errors)
    return current.CurrentBrand(
        name=values["name"] or at.brand.name,
        url=at.brand.url,
        accent=values["accent"] or "",
        logo=at.brand.logo,
        icon=at.brand.icon,
        support_contact=values["support_contact"] or "",
        links=tuple(values["links"] or ()),
        footer=values["footer"] or "",
        sender_name=values["mail_sender_name"] or "",
        sender_address=values["mail_sender_address"] or "",
    )


def get_default_sender() -> str:
    return str(settings.DEFAULT_FROM_EMAIL)


def write_preview_stylesheet(accent: str, *, by: Person) -> str:
    """CSS for `.brand-preview` alone. Raises NotFound for what is no colour."""
    authorization.require_platform_permission(Permission.CHANGE_SETTINGS, by=by)
    if not colors.HEX.fullmatch(accent):
        raise NotFound
    return stylesheet.write(accent, selector=".brand-preview")


def _check(
    text: BrandText, *, logo: ImageChange, icon: ImageChange, is_default: bool
) -> tuple[dict[str, Any], list[str], dict[str, bytes]]:
    """The columns, the hosts, and the pictures as PNG. Raises Invalid with all that is wrong."""
    errors: dict[str, str] = {}
    values = _read(text, errors)
    hosts: list[str] = [] if is_default else _try(errors, "hosts", lambda: fields.read_hosts(text.hosts)) or []
    if not is_default and not hosts and "hosts" not in errors:
        errors["hosts"] = _("Enter at least one host name. All others show the default brand.")
    pictures = {"logo": b"", "icon": b""}
    for name, change, encode in (("logo", logo, images.encode_logo), ("icon", icon, images.encode_icon)):
        try:
            pictures[name] = encode(change.content) if change.content else b""
        except images.BadImage as error:
            errors[name] = error.for_people
    if errors:
        raise Invalid(errors)
    return values, hosts, pictures


def _read(text: BrandText, errors: dict[str, str]) -> dict[str, Any]:
    """The columns; None where the text is wrong, with a sentence in `errors` by the name of the field."""
    return {
        "name": _try(errors, "name", lambda: fields.read_name(text.name)),
        "accent": _try(errors, "accent", lambda: fields.read_accent(text.accent)),
        "support_contact": _try(errors, "support_contact", lambda: fields.read_contact(text.support_contact)),
        "links": _try(errors, "links", lambda: fields.read_links(text.links)),
        "footer": _try(errors, "footer", lambda: fields.read_line(text.footer)),
        "mail_sender_name": _try(errors, "sender_name", lambda: fields.read_line(text.sender_name, most=100)),
        "mail_sender_address": _try(errors, "sender_address", lambda: fields.read_email(text.sender_address)),
    }


def _try(errors: dict[str, str], name: str, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except ValueError as error:
        errors[name] = str(error)
        return None


def _set_image(row: Brand, name: str, change: ImageChange, png: bytes) -> None:
    if png:
        setattr(row, name, images.store(png))
    elif change.removes:
        setattr(row, name, None)


def _set_hosts(row: Brand, hosts: list[str]) -> None:
    taken = BrandHost.objects.filter(host__in=hosts).exclude(brand=row).select_related("brand").first()
    if taken is not None:
        names = {"host": taken.host, "brand": taken.brand.name}
        raise Invalid({"hosts": _("%(host)s already shows the brand %(brand)s.") % names})
    row.hosts.exclude(host__in=hosts).delete()
    missing = set(hosts).difference(row.hosts.values_list("host", flat=True))
    BrandHost.objects.bulk_create([BrandHost(host=host, brand=row) for host in sorted(missing)])


def _select() -> Any:
    return Brand.objects.select_related("logo", "icon").prefetch_related("hosts")


def _find(brand_id: int, *, lock: bool = False) -> Brand | None:
    """None only for the default brand that is not stored yet. Raises NotFound."""
    rows = Brand.objects.select_for_update() if lock else _select()
    row: Brand | None = rows.filter(pk=brand_id).first() if brand_id else rows.filter(is_default=True).first()
    if row is None and brand_id:
        raise NotFound
    return row


def _describe(row: Brand) -> StoredBrand:
    hosts = sorted(each.host for each in row.hosts.all())
    return StoredBrand(row.pk, current.read(row, hosts=hosts), tuple(hosts), is_default=row.is_default)


def _get_unset() -> StoredBrand:
    """The default brand as long as nobody has set one."""
    return StoredBrand(0, current.get_brand(), (), is_default=True)


def _summarize(row: Brand) -> dict[str, Any]:
    """For the audit log."""
    names = ("name", "accent", "support_contact", "links", "footer", "mail_sender_name", "mail_sender_address")
    digests = {name: image.digest[:12] if (image := getattr(row, name)) else "" for name in ("logo", "icon")}
    hosts = sorted(row.hosts.values_list("host", flat=True))
    return {**{name: getattr(row, name) for name in names}, **digests, "hosts": hosts}
