from django.db import migrations, models


def choose_own_domains(apps, schema_editor):
    """As `services/domains/upsert.py` does: the owner's oldest domain that serves, rather than one that redirects."""
    domains = apps.get_model("portal", "Domain").objects.filter(
        status="active", drifted_at=None, gone_at=None, customer=models.F("deployment__customer")
    )
    chosen = {}
    # A wildcard is no address.
    served = domains.exclude(name__contains="*").order_by("pk")
    for deployment_id, name, policy in served.values_list("deployment_id", "name", "redirect_policy"):
        is_away = policy == ("www_to_apex" if name.startswith("www.") else "apex_to_www")
        if deployment_id not in chosen or (chosen[deployment_id][0] and not is_away):
            chosen[deployment_id] = (is_away, name)
    deployments = apps.get_model("portal", "Deployment").objects
    for deployment_id, (_is_away, name) in chosen.items():
        deployments.filter(pk=deployment_id).update(own_domain=name)


class Migration(migrations.Migration):
    dependencies = [("portal", "0018_attention")]

    operations = [
        migrations.AddField(
            model_name="deployment", name="own_domain", field=models.CharField(blank=True, max_length=260)
        ),
        migrations.RunPython(choose_own_domains, migrations.RunPython.noop),
    ]
