from django.db import migrations, models

from portal import audit_triggers


def create_triggers(apps, schema_editor):
    audit_triggers.create(schema_editor.connection)


def drop_triggers(apps, schema_editor):
    audit_triggers.drop(schema_editor.connection)


class Migration(migrations.Migration):

    dependencies = [
        ('portal', '0011_people_brand_and_audit'),
    ]

    operations = [
        migrations.AlterField(
            model_name='facet',
            name='field',
            field=models.CharField(choices=[('person', 'Person'), ('project', 'Project'), ('staff', "a person of the platform's staff, whom customers don't see by name")], max_length=10),
        ),
        migrations.AddField(
            model_name='activation',
            name='kept_by_role',
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name='auditevent',
            name='search',
            field=models.TextField(blank=True, help_text='What a search finds, lower-cased; no names of staff.'),
        ),
        migrations.AddField(
            model_name='audithead',
            name='sealed_until',
            field=models.BigIntegerField(default=0, help_text='Rows up to this number can be deleted; 0 but in a transaction of audit delete.'),
        ),
        migrations.AddField(
            model_name='domainlink',
            name='created_by_role',
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name='envvarupdate',
            name='person_role',
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name='operation',
            name='decided_by_role',
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['outcome', '-number'], name='audit_of_outcome'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['at'], name='audit_at'),
        ),
        # Last: SQLite may copy a table to change it, and leave its triggers behind.
        migrations.RunPython(create_triggers, drop_triggers),
    ]
