"""What happened, as a code of each entry; and the times of versions that lists show, from what is stored already."""

from datetime import timedelta
from itertools import groupby, zip_longest

from django.db import migrations, models
from django.db.models import F, OuterRef, Subquery

# Codes of Entry as of this migration.
VERSION, ACTIVATION, OPERATION = 1, 2, 3
STATE_FAILED = 4
PUBLISHED, FAILED, ROLLED_BACK, PROMOTED = 1, 2, 3, 4
OPERATIONS = {
    "publish": PUBLISHED,
    "roll_back": ROLLED_BACK,
    "promote": PROMOTED,
    "undo": 5,
    "redeploy": 6,
    "stop": 7,
    "set_env": 8,
    "delete_env": 8,
    "add_domain": 9,
    "detach_domain": 9,
    "redirect_domain": 9,
    "create": 10,
    "delete": 10,
    "rename": 10,
}
BUILT_WITHIN = timedelta(minutes=30)


def fill_version_times(apps, schema_editor):
    """From MIOSA's rows: set-based, since there may be a million."""
    versions = apps.get_model("portal", "Version").objects.all()
    promoted = versions.filter(promoted_at__isnull=False)
    at_once = promoted.filter(promoted_at__gte=F("created_at"), promoted_at__lte=F("created_at") + BUILT_WITHIN)
    at_once.update(finished_at=F("promoted_at"))
    untouched = versions.filter(promoted_at=None, archived_at=None, state__in=["ready", "failed"])
    built = untouched.filter(updated_at__gt=F("created_at"), updated_at__lte=F("created_at") + BUILT_WITHIN)
    built.update(finished_at=F("updated_at"))
    promoted.update(live_from=F("promoted_at"))
    promoted.filter(archived_at__gte=F("promoted_at")).update(live_until=F("archived_at"))


def fill_live_periods(apps, schema_editor):
    """From the portal's own record of what was live, which comes first."""
    Version, Activation = apps.get_model("portal", "Version"), apps.get_model("portal", "Activation")
    recorded = Activation.objects.order_by("deployment_id", "pk").iterator()
    for deployment_id, group in groupby(recorded, key=lambda activation: activation.deployment_id):
        found = list(group)
        last = {one.version_id: (one, following) for one, following in zip_longest(found, found[1:])}
        for version in Version.objects.filter(deployment__miosa_id=deployment_id, miosa_id__in=last):
            activation, following = last[version.miosa_id]
            if not (activation.is_first and version.promoted_at is None):
                version.live_from = activation.at
            version.live_until = following.at if following else None
            version.save(update_fields=["live_from", "live_until"])


def fill_events(apps, schema_editor):
    Version, Operation = apps.get_model("portal", "Version"), apps.get_model("portal", "Operation")
    entries = apps.get_model("portal", "Entry").objects.all()
    entries.filter(kind=VERSION).update(event=PUBLISHED)
    entries.filter(kind=VERSION, state=STATE_FAILED).update(event=FAILED)
    entries.filter(kind=ACTIVATION).update(event=PROMOTED)
    before = Version.objects.filter(pk=OuterRef("other")).values("number")
    went_back = entries.filter(kind=ACTIVATION).annotate(before=Subquery(before)).filter(number__lt=F("before"))
    entries.filter(pk__in=went_back.values("pk")).update(event=ROLLED_BACK)
    operations = entries.filter(kind=OPERATION)
    for name, event in OPERATIONS.items():
        operations.filter(subject__in=Operation.objects.filter(kind=name).values("pk")).update(event=event)
    for failed in (Operation.objects.filter(state="refused"), Operation.objects.filter(result__has_key="build_failed")):
        operations.filter(subject__in=failed.values("pk")).update(event=FAILED)


def remove_repeated_entries(apps, schema_editor):
    """A publish is shown as its version alone, and a check of a domain that changed nothing is no event."""
    Operation = apps.get_model("portal", "Operation")
    operations = apps.get_model("portal", "Entry").objects.filter(kind=OPERATION)
    published = Operation.objects.filter(kind="publish", result__has_key="version_id")
    operations.filter(subject__in=published.values("pk")).delete()
    operations.filter(subject__in=Operation.objects.filter(kind="verify_domain").values("pk")).delete()


def keep(apps, schema_editor):
    """Nothing has to be taken back."""


class Migration(migrations.Migration):

    dependencies = [
        ('portal', '0015_timeline_stories'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='entry',
            name='entry_timeline',
        ),
        migrations.RemoveIndex(
            model_name='entry',
            name='entry_deployment',
        ),
        migrations.AddField(
            model_name='entry',
            name='event',
            field=models.SmallIntegerField(choices=[(0, 'Other'), (1, 'Published'), (2, 'Failed'), (3, 'Rolled Back'), (4, 'Promoted'), (5, 'Undone'), (6, 'Redeployed'), (7, 'Stopped'), (8, 'Env Changed'), (9, 'Domains Changed'), (10, 'Settings Changed')], default=0),
        ),
        migrations.RunPython(fill_version_times, keep),
        migrations.RunPython(fill_live_periods, keep),
        migrations.RunPython(fill_events, keep),
        migrations.RunPython(remove_repeated_entries, keep),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(models.F('customer'), models.OrderBy(models.F('at'), descending=True), models.OrderBy(models.F('id'), descending=True), models.F('deployment'), models.F('state'), models.F('version_kind'), models.F('person'), models.F('project'), models.F('kind'), models.F('event'), name='entry_timeline'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(models.F('deployment'), models.OrderBy(models.F('at'), descending=True), models.OrderBy(models.F('id'), descending=True), models.F('customer'), models.F('state'), models.F('version_kind'), models.F('person'), models.F('project'), models.F('kind'), models.F('event'), name='entry_deployment'),
        ),
    ]
