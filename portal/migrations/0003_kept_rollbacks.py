from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0002_operations"),
    ]

    operations = [
        migrations.AddField(
            model_name="activation",
            name="kept_at",
            field=models.DateTimeField(help_text="Somebody said that this rollback stays.", null=True),
        ),
        migrations.AddField(
            model_name="activation",
            name="kept_by",
            field=models.CharField(blank=True, max_length=200),
        ),
    ]
