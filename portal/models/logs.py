"""Logs of finished versions, compressed. Disposable."""

from django.db import models


class KeptLog(models.Model):
    """`body` is zlib-compressed UTF-8 as MIOSA sent it, at most 8 MB before compression.

    Of a longer log `gap_bytes` are missing at character `gap_at`. If `is_truncated`, the end is missing.
    """

    version = models.ForeignKey("portal.Version", on_delete=models.CASCADE, related_name="logs")
    stage = models.CharField(max_length=40, blank=True)
    body = models.BinaryField()
    gap_at = models.PositiveIntegerField(null=True)
    gap_bytes = models.PositiveBigIntegerField(null=True)
    is_truncated = models.BooleanField(default=False)
    read_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["version", "stage"], name="log_once"),)

    def __str__(self) -> str:
        return f"{self.version} {self.stage}"
