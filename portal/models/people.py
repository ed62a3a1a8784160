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
    """Signs in by e-mail, kept in lower case. `staff_role` is empty for customers' people."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True)
    staff_role = models.CharField(max_length=20, blank=True, choices=StaffRole.choices)
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False, help_text="Can't sign in without the simulator.")
    date_joined = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)


class Membership(models.Model):
    """A person's role at one customer. A support person with memberships is limited to these customers."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    customer = models.ForeignKey("portal.Customer", on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=CustomerRole.choices)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "customer"], name="membership_once"),)

    def __str__(self) -> str:
        return f"{self.user} {self.role} of {self.customer}"
