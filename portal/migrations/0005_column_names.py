from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("portal", "0004_domain_checks")]

    operations = [
        migrations.RemoveIndex("deployment", name="deployment_asked"),
        migrations.RemoveIndex("operation", name="operation_look"),
        migrations.RemoveIndex("operation", name="operation_of_deployment"),
        migrations.RemoveIndex("operation", name="operation_of_customer"),
        migrations.RenameField("activation", "is_deed", "has_entry"),
        migrations.AlterField(
            "activation", "kept_at", models.DateTimeField(help_text="A person decided to keep this rollback.", null=True)
        ),
        migrations.RenameField("deployment", "asked_at", "requested_at"),
        migrations.RenameField("operation", "asked_at", "requested_at"),
        migrations.RenameField("operation", "beat_at", "heartbeat_at"),
        migrations.RenameField("operation", "look_at", "next_read_at"),
        migrations.AddIndex(
            "deployment",
            models.Index(fields=["requested_at"], condition=models.Q(gone_at=None), name="deployment_requested"),
        ),
        migrations.AddIndex(
            "operation",
            models.Index(
                fields=["next_read_at"], condition=models.Q(next_read_at__isnull=False), name="operation_next_read"
            ),
        ),
        migrations.AddIndex(
            "operation", models.Index(fields=["deployment_id", "-requested_at"], name="operation_of_deployment")
        ),
        migrations.AddIndex(
            "operation", models.Index(fields=["customer_id", "-requested_at"], name="operation_of_customer")
        ),
    ]
