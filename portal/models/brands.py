"""The platform's looks: names, colours and images. Not disposable."""

from django.db import models


class Image(models.Model):
    """A picture that we have decoded and encoded again. Its digest is its address, so it never changes."""

    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the content, hexadecimal.")
    content = models.BinaryField(help_text="PNG.")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.digest


class Brand(models.Model):
    """How the portal looks at some host names; the default brand at all others."""

    name = models.CharField(max_length=60)
    is_default = models.BooleanField(default=False)
    accent = models.CharField(max_length=7, blank=True, help_text="#rrggbb; empty for the portal's own.")
    logo = models.ForeignKey(Image, on_delete=models.PROTECT, null=True, related_name="+")
    icon = models.ForeignKey(Image, on_delete=models.PROTECT, null=True, related_name="+")
    support_contact = models.CharField(max_length=300, blank=True, help_text="An e-mail address or a URL.")
    links = models.JSONField(default=list, help_text="Pairs of a text and a URL, shown at the foot of each page.")
    footer = models.CharField(max_length=300, blank=True)
    mail_sender_name = models.CharField(max_length=100, blank=True)
    mail_sender_address = models.EmailField(blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="brand_one_default"
            ),
        )

    def __str__(self) -> str:
        return self.name


class BrandHost(models.Model):
    """A host name, in lower case and without a port, that shows a brand."""

    host = models.CharField(max_length=253, unique=True)
    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, related_name="hosts")

    def __str__(self) -> str:
        return self.host
