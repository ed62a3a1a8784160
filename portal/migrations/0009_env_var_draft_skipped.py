from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("portal", "0008_undo_and_authors")]

    operations = [
        migrations.AlterField(
            model_name="envvardraft",
            name="skipped",
            field=models.JSONField(default=list, help_text="Which lines were skipped, and why."),
        ),
    ]
