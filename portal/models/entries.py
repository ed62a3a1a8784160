"""The timeline's index: one narrow row for each version, activation and operation of a customer.

Disposable: made from those tables.
"""

from django.db import models


class Facet(models.Model):
    """A person or a project of one customer, so that entries are filtered by a small number."""

    class Field(models.TextChoices):
        PERSON = "person"
        PROJECT = "project"
        STAFF = "staff", "a person of the platform's staff, whom customers don't see by name"

    customer = models.ForeignKey("portal.Customer", on_delete=models.CASCADE, related_name="facets")
    field = models.CharField(max_length=10, choices=Field.choices)
    text = models.CharField(max_length=512)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["customer", "field", "text"], name="facet_once"),)

    def __str__(self) -> str:
        return self.text


class Entry(models.Model):
    """`at` is set once, so that pages don't shift. `subject` is the id of the row in the table that `kind` names.

    `text` is lower-cased. There are no foreign keys but the customer's: the timeline is searched by one index.
    """

    class Kind(models.IntegerChoices):
        VERSION = 1
        ACTIVATION = 2
        OPERATION = 3

    class Event(models.IntegerChoices):
        """What happened, as histories are filtered by it. FAILED: what was requested was not done."""

        OTHER = 0
        PUBLISHED = 1
        FAILED = 2
        ROLLED_BACK = 3
        PROMOTED = 4
        UNDONE = 5
        REDEPLOYED = 6
        STOPPED = 7
        ENV_CHANGED = 8
        DOMAINS_CHANGED = 9
        SETTINGS_CHANGED = 10

    class State(models.IntegerChoices):
        OTHER = 0
        CREATED = 1
        BUILDING = 2
        READY = 3
        FAILED = 4
        ARCHIVED = 5
        UNREADABLE = 6

    class VersionKind(models.IntegerChoices):
        OTHER = 0
        STATIC = 1
        DYNAMIC = 2
        SANDBOX_BACKED = 3

    customer = models.ForeignKey("portal.Customer", on_delete=models.CASCADE, related_name="entries", db_index=False)
    at = models.DateTimeField()
    kind = models.SmallIntegerField(choices=Kind.choices)
    subject = models.BigIntegerField()
    deployment = models.BigIntegerField(help_text="Deployment.id")
    version = models.BigIntegerField(default=0, help_text="Version.id: the version, or what went live")
    other = models.BigIntegerField(default=0, help_text="Version.id: what was live before")
    event = models.SmallIntegerField(choices=Event.choices, default=Event.OTHER)
    state = models.SmallIntegerField(default=0)
    version_kind = models.SmallIntegerField(default=0)
    person = models.BigIntegerField(default=0)
    project = models.BigIntegerField(default=0)
    number = models.BigIntegerField(null=True)
    text = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["kind", "subject", "customer"], name="entry_once"),)
        indexes = (
            models.Index(
                "customer",
                models.F("at").desc(),
                models.F("id").desc(),
                "deployment",
                "state",
                "version_kind",
                "person",
                "project",
                "kind",
                "event",
                name="entry_timeline",
            ),
            models.Index(
                "deployment",
                models.F("at").desc(),
                models.F("id").desc(),
                "customer",
                "state",
                "version_kind",
                "person",
                "project",
                "kind",
                "event",
                name="entry_deployment",
            ),
            # Publishes of all customers by day.
            models.Index(fields=["kind", "at", "state", "customer"], name="entry_by_kind"),
        )

    def __str__(self) -> str:
        return f"{self.kind}:{self.subject}"
