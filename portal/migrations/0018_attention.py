"""What needs attention, as columns of a deployment, with an index for each."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """From the rows that are stored already; later ones are kept up to date as they are stored."""
    deployments = apps.get_model("portal", "Deployment").objects
    versions = apps.get_model("portal", "Version").objects.annotate(built_at=Coalesce("created_at", "first_seen_at"))
    activations = apps.get_model("portal", "Activation").objects
    for column, version in (("failed_at", "newest_version"), ("staged_since", "staged_version")):
        built_at = versions.filter(pk=OuterRef(f"{version}_id")).values("built_at")[:1]
        concerned = deployments.filter(**{f"{version}__isnull": False})
        if column == "failed_at":
            concerned = concerned.filter(newest_version__state="failed")
        deployments.filter(pk__in=concerned.values("pk")).update(**{column: Subquery(built_at)})
    for deployment in deployments.filter(on_rollback=True).only("miosa_id", "active_version_id"):
        last = activations.filter(deployment_id=deployment.miosa_id).order_by("-pk").first()
        if last is not None and last.version_id == deployment.active_version_id and last.kept_at is not None:
            deployments.filter(pk=deployment.pk).update(is_rollback_kept=True)


class Migration(migrations.Migration):

    dependencies = [
        ('portal', '0017_statistics_indexes'),
    ]

    operations = [
        migrations.AddField(
            model_name='deployment',
            name='failed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='deployment',
            name='is_rollback_kept',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='deployment',
            name='staged_since',
            field=models.DateTimeField(null=True),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='deployment',
            index=models.Index(condition=models.Q(('failed_at__isnull', False), ('gone_at', None)), fields=['failed_at'], name='deployment_failed'),
        ),
        migrations.AddIndex(
            model_name='deployment',
            index=models.Index(condition=models.Q(('gone_at', None), ('staged_since__isnull', False)), fields=['staged_since'], name='deployment_staged'),
        ),
        migrations.AddIndex(
            model_name='deployment',
            index=models.Index(condition=models.Q(('gone_at', None), ('is_rollback_kept', False), ('on_rollback', True)), fields=['live_since'], name='deployment_on_rollback'),
        ),
        migrations.AddIndex(
            model_name='deployment',
            index=models.Index(condition=models.Q(('gone_at', None), ('state', 'stopped')), fields=['id'], name='deployment_stopped'),
        ),
        migrations.AddIndex(
            model_name='deployment',
            index=models.Index(condition=models.Q(('domains_waiting__gt', 0), ('gone_at', None)), fields=['id'], name='deployment_domains_waiting'),
        ),
        migrations.AddIndex(
            model_name='deployment',
            index=models.Index(condition=models.Q(('domains_waiting', 0), ('failed_at', None), ('gone_at', None), models.Q(('on_rollback', False), ('is_rollback_kept', True), _connector='OR'), models.Q(('active_version_id', ''), _negated=True), models.Q(('state', 'stopped'), _negated=True)), fields=['customer', 'staged_since', 'requested_at'], name='deployment_healthy'),
        ),
    ]
