"""People who sign in, and which customers they belong to. Not disposable."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models


class StaffRole(models.TextChoices):
    OPERATOR = "operator"
    SUPPORT = "support"


class CustomerRole(models.TextChoices):
    OWNER = "owner"
    SUPPORT = "support"
    VIEWER = "viewer"


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, staff_role=StaffRole.OPERATOR, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """Signs in by e-mail, kept in lower case. `staff_role` is empty for customers' people.

    People who only come from the platform's own app have no e-mail address. Support staff see every customer only if
    `sees_all_customers` says so; else those of their memberships and tags.
    """

    email = models.EmailField(blank=True)
    name = models.CharField(max_length=200, blank=True)
    staff_role = models.CharField(max_length=20, blank=True, choices=StaffRole.choices)
    sees_all_customers = models.BooleanField(default=False, help_text="For support staff.")
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False, help_text="Can't sign in without the simulator.")
    date_joined = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField(null=True, help_text="To the minute.")
    time_zone = models.CharField(max_length=60, blank=True, help_text="Empty: the one that the browser reports.")
    theme = models.CharField(max_length=10, blank=True, help_text="light or dark; empty: as the system.")
    unwanted_mails = models.JSONField(default=list, help_text="Kinds of mails that this person does not want.")

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["email"], condition=~models.Q(email=""), name="user_email_once"),
        )

    def __str__(self) -> str:
        return self.name or self.email or "?"

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)


class Membership(models.Model):
    """A person's role at one customer. Those of support staff say which customers they see."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    customer = models.ForeignKey("portal.Customer", on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=CustomerRole.choices)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "customer"], name="membership_once"),)

    def __str__(self) -> str:
        return f"{self.user} {self.role} of {self.customer}"


class SupportTag(models.Model):
    """A support person sees the customers with this tag."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="support_tags")
    tag = models.CharField(max_length=60)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "tag"], name="support_tag_once"),)

    def __str__(self) -> str:
        return f"{self.user} supports {self.tag}"


class OwnerPermission(models.Model):
    """Whether owners have a permission of `permissions.OWNER_PERMISSIONS`; without a customer, at every customer.

    A row of a customer counts before the one of all customers. Without a row owners have the permission.
    """

    customer = models.ForeignKey("portal.Customer", on_delete=models.CASCADE, null=True, related_name="+")
    permission = models.CharField(max_length=30)
    is_allowed = models.BooleanField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["customer", "permission"], name="owner_permission_once"),
            models.UniqueConstraint(
                fields=["permission"], condition=models.Q(customer=None), name="owner_permission_of_all_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.permission} at {self.customer or 'every customer'}: {self.is_allowed}"


class Invitation(models.Model):
    """Sent by mail with a secret link; only its hash is stored. Accepted once, until it expires or is revoked.

    `staff_role` is empty for customers' people; what they get is in `grants`.
    """

    email = models.EmailField()
    name = models.CharField(max_length=200, blank=True)
    staff_role = models.CharField(max_length=20, blank=True, choices=StaffRole.choices)
    sees_all_customers = models.BooleanField(default=False)
    tags = models.JSONField(default=list, help_text="Tags whose customers a support person will see.")
    secret_hash = models.CharField(max_length=64, unique=True)
    invited_by_id = models.BigIntegerField(null=True, help_text="User.id; null for a command.")
    invited_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    mail = models.ForeignKey("portal.Mail", on_delete=models.SET_NULL, null=True, related_name="+")
    batch = models.UUIDField(null=True, help_text="Of invitations that were sent together.")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["batch", "email"], name="invitation_once_in_batch"),)
        indexes = (
            models.Index(fields=["email"], name="invitation_of_email"),
            # The list of open invitations, newest first.
            models.Index(
                fields=["-created_at"], condition=models.Q(accepted_at=None, revoked_at=None), name="invitation_open"
            ),
        )

    def __str__(self) -> str:
        return f"{self.email} until {self.expires_at}"


class InvitationGrant(models.Model):
    """A membership that an invitation gives when it is accepted."""

    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, related_name="grants")
    customer = models.ForeignKey("portal.Customer", on_delete=models.CASCADE, related_name="invitation_grants")
    role = models.CharField(max_length=20, choices=CustomerRole.choices)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["invitation", "customer"], name="invitation_grant_once"),)

    def __str__(self) -> str:
        return f"{self.invitation}: {self.role} of {self.customer}"
