from django.db import migrations, models


class Migration(migrations.Migration):
    """Drafts live ten minutes, so their table is made anew; who set which name is kept."""

    dependencies = [("portal", "0002_operation_facts")]

    operations = [
        migrations.RenameModel("EnvMark", "EnvVarUpdate"),
        migrations.RemoveConstraint("EnvVarUpdate", "env_mark_once"),
        migrations.AddConstraint(
            "EnvVarUpdate",
            models.UniqueConstraint(fields=("deployment_id", "environment", "name"), name="env_var_update_once"),
        ),
        migrations.DeleteModel("SealedValues"),
        migrations.CreateModel(
            name="EnvVarDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "key",
                    models.UUIDField(help_text="Becomes the key of the operation that applies it.", unique=True),
                ),
                ("person_id", models.BigIntegerField()),
                ("deployment_id", models.CharField(max_length=128)),
                ("environment", models.CharField(max_length=60)),
                ("encrypted_values", models.BinaryField()),
                ("lines", models.JSONField(default=list, help_text="Name, size and notices of each line.")),
                (
                    "skipped",
                    models.JSONField(default=list, help_text="Numbers of the lines that are no assignment."),
                ),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
        ),
    ]
