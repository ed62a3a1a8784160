"""Mails to be sent, and what became of them."""

from django.db import models


class Mail(models.Model):
    """One mail to one address. The worker sends it; its text is encrypted, since it may hold a secret link.

    `content` is deleted once it was sent, and a week after it was written; until then it can be sent again.
    """

    class State(models.TextChoices):
        FAILED = "failed", "given up"
        SENT = "sent"
        WAITING = "waiting"

    kind = models.CharField(max_length=40)
    address = models.EmailField()
    user = models.ForeignKey("portal.User", on_delete=models.CASCADE, null=True, related_name="+")
    content = models.BinaryField(null=True, help_text="Encrypted JSON: subject, text, host, message_id.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    next_try_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True, help_text="Why the last attempt failed.")

    class Meta:
        indexes = (models.Index(fields=["next_try_at"], condition=models.Q(state="waiting"), name="mail_due"),)

    def __str__(self) -> str:
        return f"{self.kind} to {self.address}: {self.state}"
