"""People who come from the platform's own app with a token (docs/handoff.md). Not disposable."""

from django.db import models


class HandOffIdentity(models.Model):
    """Which user a person of the platform's app is: the same for the same three ids, whatever else the token says."""

    issuer = models.CharField(max_length=300)
    external_workspace_id = models.CharField(max_length=512)
    external_user_id = models.CharField(max_length=300)
    user = models.ForeignKey("portal.User", on_delete=models.CASCADE, related_name="hand_off_identities")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["issuer", "external_workspace_id", "external_user_id"], name="hand_off_identity_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.external_user_id} of {self.external_workspace_id} at {self.issuer}"


class UsedToken(models.Model):
    """A token that was accepted, so that it is not accepted again. Kept until it would have expired anyway."""

    issuer = models.CharField(max_length=300)
    jti = models.CharField(max_length=300)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["issuer", "jti"], name="used_token_once"),)

    def __str__(self) -> str:
        return f"{self.jti} of {self.issuer}"
