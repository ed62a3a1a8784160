from django.db import migrations, models


def delete_logs_without_beginning(apps, schema_editor):
    """Only their ends were kept, and nothing says how much is missing. They are read from MIOSA again."""
    apps.get_model("portal", "KeptLog").objects.filter(is_truncated=True).delete()


class Migration(migrations.Migration):
    dependencies = [("portal", "0009_env_vars_and_generations")]

    operations = [
        migrations.AddField("keptlog", "gap_at", models.PositiveIntegerField(null=True)),
        migrations.AddField("keptlog", "gap_bytes", models.PositiveBigIntegerField(null=True)),
        migrations.RunPython(delete_logs_without_beginning, migrations.RunPython.noop),
    ]
