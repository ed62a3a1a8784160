from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('portal', '0012_audit_log'),
    ]

    operations = [
        migrations.AddField(
            model_name='invitation',
            name='batch',
            field=models.UUIDField(help_text='Of invitations that were sent together.', null=True),
        ),
        migrations.AddIndex(
            model_name='invitation',
            index=models.Index(condition=models.Q(('accepted_at', None), ('revoked_at', None)), fields=['-created_at'], name='invitation_open'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.UniqueConstraint(fields=('batch', 'email'), name='invitation_once_in_batch'),
        ),
    ]
