from django.db import migrations, models

PERMISSIONS = {
    "add_domain": "add_domain",
    "create": "create_deployment",
    "delete": "delete_deployment",
    "delete_env": "set_env",
    "detach_domain": "detach_domain",
    "promote": "promote",
    "publish": "publish",
    "redeploy": "redeploy",
    "redirect_domain": "add_domain",
    "rename": "rename_deployment",
    "roll_back": "roll_back",
    "set_env": "set_env",
    "stop": "stop",
    "verify_domain": "verify_domain",
}
CONCERNS = {
    "customer": ("add_domain", "detach_domain", "publish", "redirect_domain", "verify_domain"),
    "live": ("redeploy", "stop"),
    "version": ("promote", "roll_back"),
}


def fill(apps, schema_editor):
    from django.conf import settings

    rows = apps.get_model("portal", "Operation").objects.all()
    for kind, permission in PERMISSIONS.items():
        rows.filter(kind=kind).update(permission=permission)
    for concerns, kinds in CONCERNS.items():
        rows.filter(kind__in=kinds).update(concerns=concerns)
    main = ["", settings.MIOSA.environments[0]]
    rows.filter(kind__in=CONCERNS["version"], environment__in=main).update(moves_pointer=True)


class Migration(migrations.Migration):
    dependencies = [("portal", "0001_initial")]

    operations = [
        migrations.AddField(
            "operation",
            "permission",
            models.CharField(
                default="", help_text="portal.permissions.Permission that its kind needs", max_length=30
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "operation",
            "concerns",
            models.CharField(
                choices=[
                    ("customer", "something of its customer alone, such as a domain"),
                    ("deployment", "the deployment as a whole"),
                    ("live", "the version that was live"),
                    ("version", "the target version"),
                ],
                default="deployment",
                max_length=10,
            ),
        ),
        migrations.AddField(
            "operation",
            "moves_pointer",
            models.BooleanField(default=False, help_text="On success target_id is the live version"),
        ),
        migrations.AlterField(
            "operation",
            "customer_id",
            models.BigIntegerField(
                help_text="Customer.id of the version or domain it concerns; else of the page it was requested on"
            ),
        ),
        migrations.AlterField(
            "operation",
            "deployment_id",
            models.CharField(help_text="MIOSA's id; new:<key> while it is being created", max_length=128),
        ),
        migrations.AlterField(
            "operation",
            "look_at",
            models.DateTimeField(help_text="When MIOSA is read next to find out or to follow up", null=True),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
