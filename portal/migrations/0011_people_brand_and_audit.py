import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def keep_scope_of_support(apps, schema_editor):
    """Until now support staff without memberships saw every customer."""
    users = apps.get_model("portal", "User").objects.filter(staff_role="support", memberships=None)
    users.update(sees_all_customers=True)


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('portal', '0010_log_gaps'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.BigIntegerField(help_text='1, 2, 3 … without gaps.', unique=True)),
                ('at', models.DateTimeField()),
                ('kind', models.CharField(help_text='What was done, such as person.removed', max_length=40)),
                ('outcome', models.CharField(choices=[('done', 'Done'), ('failed', 'tried, and not done'), ('refused', 'not allowed')], max_length=10)),
                ('way', models.CharField(choices=[('command', "on the portal's own machine"), ('hand_off', "a session that the platform's own app has opened"), ('link', 'a link with a secret, without a session'), ('nobody', 'no session'), ('session', 'Session'), ('worker', 'by itself')], max_length=10)),
                ('person_id', models.BigIntegerField(help_text='User.id; null for somebody unknown.', null=True)),
                ('person_name', models.CharField(blank=True, max_length=200)),
                ('person_email', models.CharField(blank=True, max_length=254)),
                ('person_role', models.CharField(blank=True, max_length=20)),
                ('customer_id', models.BigIntegerField(help_text='Customer.id on whose behalf; null for the platform.', null=True)),
                ('customer_name', models.CharField(blank=True, max_length=300)),
                ('target', models.CharField(blank=True, help_text='What it was done to, in words.', max_length=300)),
                ('before', models.JSONField(help_text='Without secrets.', null=True)),
                ('after', models.JSONField(help_text='Without secrets.', null=True)),
                ('operation', models.UUIDField(help_text='The key of the operation that it started.', null=True)),
                ('address', models.CharField(blank=True, max_length=60)),
                ('request_id', models.CharField(blank=True, max_length=16)),
                ('previous', models.CharField(help_text='The digest of the row before; zeros for the first.', max_length=64)),
                ('digest', models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name='AuditHead',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.BigIntegerField(default=0)),
                ('digest', models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name='Brand',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60)),
                ('is_default', models.BooleanField(default=False)),
                ('accent', models.CharField(blank=True, help_text="#rrggbb; empty for the portal's own.", max_length=7)),
                ('support_contact', models.CharField(blank=True, help_text='An e-mail address or a URL.', max_length=300)),
                ('links', models.JSONField(default=list, help_text='Pairs of a text and a URL, shown at the foot of each page.')),
                ('footer', models.CharField(blank=True, max_length=300)),
                ('mail_sender_name', models.CharField(blank=True, max_length=100)),
                ('mail_sender_address', models.EmailField(blank=True, max_length=254)),
                ('changed_at', models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name='BrandHost',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('host', models.CharField(max_length=253, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name='CustomerTag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tag', models.CharField(max_length=60)),
            ],
        ),
        migrations.CreateModel(
            name='HandOffIdentity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('issuer', models.CharField(max_length=300)),
                ('external_workspace_id', models.CharField(max_length=512)),
                ('external_user_id', models.CharField(max_length=300)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name='Image',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(help_text='SHA-256 of the content, hexadecimal.', max_length=64, unique=True)),
                ('content', models.BinaryField(help_text='PNG.')),
                ('width', models.PositiveIntegerField()),
                ('height', models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.EmailField(max_length=254)),
                ('name', models.CharField(blank=True, max_length=200)),
                ('staff_role', models.CharField(blank=True, choices=[('operator', 'Operator'), ('support', 'Support')], max_length=20)),
                ('sees_all_customers', models.BooleanField(default=False)),
                ('tags', models.JSONField(default=list, help_text='Tags whose customers a support person will see.')),
                ('secret_hash', models.CharField(max_length=64, unique=True)),
                ('invited_by_id', models.BigIntegerField(help_text='User.id; null for a command.', null=True)),
                ('invited_by_name', models.CharField(max_length=200)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('accepted_at', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='InvitationGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('support', 'Support'), ('viewer', 'Viewer')], max_length=20)),
            ],
        ),
        migrations.CreateModel(
            name='Mail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40)),
                ('address', models.EmailField(max_length=254)),
                ('content', models.BinaryField(help_text='Encrypted JSON: subject, text, host, message_id.', null=True)),
                ('state', models.CharField(choices=[('failed', 'given up'), ('sent', 'Sent'), ('waiting', 'Waiting')], default='waiting', max_length=10)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('created_at', models.DateTimeField()),
                ('next_try_at', models.DateTimeField(null=True)),
                ('sent_at', models.DateTimeField(null=True)),
                ('error', models.CharField(blank=True, help_text='Why the last attempt failed.', max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name='OwnerPermission',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('permission', models.CharField(max_length=30)),
                ('is_allowed', models.BooleanField()),
            ],
        ),
        migrations.CreateModel(
            name='SupportTag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tag', models.CharField(max_length=60)),
            ],
        ),
        migrations.CreateModel(
            name='UsedToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('issuer', models.CharField(max_length=300)),
                ('jti', models.CharField(max_length=300)),
                ('expires_at', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.AddField(
            model_name='customer',
            name='display_name',
            field=models.CharField(blank=True, help_text='Chosen by an operator; shown before `name`.', max_length=300),
        ),
        migrations.AddField(
            model_name='user',
            name='last_seen_at',
            field=models.DateTimeField(help_text='To the minute.', null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='sees_all_customers',
            field=models.BooleanField(default=False, help_text='For support staff.'),
        ),
        migrations.AddField(
            model_name='user',
            name='theme',
            field=models.CharField(blank=True, help_text='light or dark; empty: as the system.', max_length=10),
        ),
        migrations.AddField(
            model_name='user',
            name='time_zone',
            field=models.CharField(blank=True, help_text='Empty: the one that the browser reports.', max_length=60),
        ),
        migrations.AddField(
            model_name='user',
            name='unwanted_mails',
            field=models.JSONField(default=list, help_text='Kinds of mails that this person does not want.'),
        ),
        migrations.AlterField(
            model_name='user',
            name='email',
            field=models.EmailField(blank=True, max_length=254),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.UniqueConstraint(condition=models.Q(('email', ''), _negated=True), fields=('email',), name='user_email_once'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['customer_id', '-number'], name='audit_of_customer'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['person_id', '-number'], name='audit_of_person'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['kind', '-number'], name='audit_of_kind'),
        ),
        migrations.AddField(
            model_name='brandhost',
            name='brand',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='hosts', to='portal.brand'),
        ),
        migrations.AddField(
            model_name='customertag',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tags', to='portal.customer'),
        ),
        migrations.AddField(
            model_name='handoffidentity',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='hand_off_identities', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='brand',
            name='icon',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='portal.image'),
        ),
        migrations.AddField(
            model_name='brand',
            name='logo',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='portal.image'),
        ),
        migrations.AddField(
            model_name='customer',
            name='logo',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='portal.image'),
        ),
        migrations.AddField(
            model_name='invitationgrant',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitation_grants', to='portal.customer'),
        ),
        migrations.AddField(
            model_name='invitationgrant',
            name='invitation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='grants', to='portal.invitation'),
        ),
        migrations.AddField(
            model_name='mail',
            name='user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='invitation',
            name='mail',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='portal.mail'),
        ),
        migrations.AddField(
            model_name='ownerpermission',
            name='customer',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='portal.customer'),
        ),
        migrations.AddField(
            model_name='supporttag',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='support_tags', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='usedtoken',
            constraint=models.UniqueConstraint(fields=('issuer', 'jti'), name='used_token_once'),
        ),
        migrations.AddIndex(
            model_name='customertag',
            index=models.Index(fields=['tag'], name='customer_tag'),
        ),
        migrations.AddConstraint(
            model_name='customertag',
            constraint=models.UniqueConstraint(fields=('customer', 'tag'), name='customer_tag_once'),
        ),
        migrations.AddConstraint(
            model_name='handoffidentity',
            constraint=models.UniqueConstraint(fields=('issuer', 'external_workspace_id', 'external_user_id'), name='hand_off_identity_once'),
        ),
        migrations.AddConstraint(
            model_name='brand',
            constraint=models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('is_default',), name='brand_one_default'),
        ),
        migrations.AddConstraint(
            model_name='invitationgrant',
            constraint=models.UniqueConstraint(fields=('invitation', 'customer'), name='invitation_grant_once'),
        ),
        migrations.AddIndex(
            model_name='mail',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['next_try_at'], name='mail_due'),
        ),
        migrations.AddIndex(
            model_name='invitation',
            index=models.Index(fields=['email'], name='invitation_of_email'),
        ),
        migrations.AddConstraint(
            model_name='ownerpermission',
            constraint=models.UniqueConstraint(fields=('customer', 'permission'), name='owner_permission_once'),
        ),
        migrations.AddConstraint(
            model_name='ownerpermission',
            constraint=models.UniqueConstraint(condition=models.Q(('customer', None)), fields=('permission',), name='owner_permission_of_all_once'),
        ),
        migrations.AddConstraint(
            model_name='supporttag',
            constraint=models.UniqueConstraint(fields=('user', 'tag'), name='support_tag_once'),
        ),
        migrations.RunPython(keep_scope_of_support, migrations.RunPython.noop),
    ]
