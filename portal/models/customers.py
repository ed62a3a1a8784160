"""Customers of the platform. Not disposable: people bookmark their slugs."""

from collections.abc import Collection

from django.db import models

UNASSIGNED_SLUG = "_unassigned"


class CustomerQuerySet(models.QuerySet["Customer"]):
    def in_scope(self, ids: Collection[int] | None) -> "CustomerQuerySet":
        """Those with these ids; None means every customer, as in `Person.scope`."""
        return self.all() if ids is None else self.filter(pk__in=ids)

    def with_status(self) -> "CustomerQuerySet":
        """With what the age of its data needs: its freshness, the connection and the request budget."""
        return self.select_related("freshness", "connection__bucket")


class Customer(models.Model):
    """One `external_workspace_id`, compared byte for byte.

    The single row without one (`is_unassigned`) holds what belongs to no customer, for staff only.
    """

    connection = models.ForeignKey("portal.Connection", on_delete=models.PROTECT, related_name="customers")
    external_id = models.CharField(max_length=512, unique=True, null=True)
    slug = models.CharField(max_length=80, unique=True)
    name = models.CharField(max_length=300, help_text="The one that is shown: `display_name`, else `stated_name`.")
    display_name = models.CharField(max_length=300, blank=True, help_text="Chosen by an operator.")
    stated_name = models.CharField(max_length=300, blank=True, help_text="MIOSA's, or made from the id.")
    logo = models.ForeignKey("portal.Image", on_delete=models.PROTECT, null=True, related_name="+")
    is_named = models.BooleanField(default=False, help_text="`stated_name` is that of a workspace.")
    search = models.TextField(help_text="Names and external id, lower-cased, for the list's search.")
    is_unassigned = models.BooleanField(default=False)
    generation = models.PositiveBigIntegerField(default=1, help_text="Grows with each change of what is shown.")
    others_generation = models.PositiveBigIntegerField(
        default=0, help_text="Grows with changes by others on shared deployments, which only staff see."
    )
    deployments_count = models.PositiveIntegerField(default=0)
    last_published_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["is_unassigned"], condition=models.Q(is_unassigned=True), name="customer_one_unassigned"
            ),
        )
        indexes = (models.Index(fields=["name"], name="customer_name"),)

    def __str__(self) -> str:
        return self.slug


class CustomerTag(models.Model):
    """A word by which operators group customers, such as a region or a plan. Support staff can be limited to tags."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="tags")
    tag = models.CharField(max_length=60)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["customer", "tag"], name="customer_tag_once"),)
        indexes = (models.Index(fields=["tag"], name="customer_tag"),)

    def __str__(self) -> str:
        return f"{self.customer}: {self.tag}"
