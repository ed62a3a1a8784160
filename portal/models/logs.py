"""Logs of finished versions, compressed. Disposable."""

from django.db import models


class KeptLog(models.Model):
    """`body` is zlib-compressed UTF-8, at most 2 MB before compression; if `is_truncated`, the log was longer.

    `failure` is the line with the cause of a failure.
    """

    version = models.ForeignKey("portal.Version", on_delete=models.CASCADE, related_name="logs")
    stage = models.CharField(max_length=40, blank=True)
    body = models.BinaryField()
    is_truncated = models.BooleanField(default=False)
    failure = models.CharField(max_length=300, blank=True)
    read_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["version", "stage"], name="log_once"),)

    def __str__(self) -> str:
        return f"{self.version} {self.stage}"
