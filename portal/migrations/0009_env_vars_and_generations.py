from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("portal", "0008_undo_and_authors")]

    operations = [
        migrations.AddField(
            model_name="customer",
            name="others_generation",
            field=models.PositiveBigIntegerField(
                default=0, help_text="Grows with changes by others on shared deployments, which only staff see."
            ),
        ),
        migrations.AlterField(
            model_name="envvardraft",
            name="skipped",
            field=models.JSONField(default=list, help_text="Which lines were skipped, and why."),
        ),
    ]
