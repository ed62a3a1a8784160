from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def move_failures(apps, schema_editor):
    logs = apps.get_model("portal", "KeptLog").objects.filter(stage="").exclude(failure="")
    failure = logs.filter(version=OuterRef("pk")).values("failure")[:1]
    failed = apps.get_model("portal", "Version").objects.filter(pk__in=logs.values("version"))
    failed.update(failure=Subquery(failure))


class Migration(migrations.Migration):
    dependencies = [("portal", "0019_own_domain")]

    operations = [
        migrations.AddField(
            model_name="version", name="failure", field=models.CharField(blank=True, max_length=300)
        ),
        migrations.RunPython(move_failures, migrations.RunPython.noop),
        migrations.RemoveField(model_name="keptlog", name="failure"),
    ]
