from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("portal", "0003_env_var_updates_and_drafts")]

    operations = [
        migrations.RemoveIndex("domain", name="domain_next_look"),
        migrations.RenameField("domain", "needed", "required_records"),
        migrations.RenameField("domain", "look", "lookup"),
        migrations.RenameField("domain", "looked_at", "checked_at"),
        migrations.RenameField("domain", "next_look_at", "next_check_at"),
        migrations.RenameField("domain", "watched_at", "viewed_at"),
        migrations.RenameField("domain", "looks", "checks"),
        migrations.RenameField("domain", "asked_verify_at", "verification_requested_at"),
        migrations.RenameField("domainlink", "made_by", "created_by"),
        migrations.RenameField("domainlink", "made_at", "created_at"),
        migrations.AddIndex("domain", models.Index(fields=["next_check_at"], name="domain_next_check")),
    ]
