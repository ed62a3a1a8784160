from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("portal", "0005_column_names")]

    operations = [
        migrations.AlterField(
            model_name="envvardraft",
            name="skipped",
            field=models.JSONField(default=list, help_text="Which lines were skipped, and why."),
        ),
    ]
