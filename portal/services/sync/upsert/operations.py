"""Operations in the timeline, beside versions and activations."""

from portal.models import Activation, Deployment, Entry, Operation, Version
from portal.services import clean_text
from portal.services.sync.upsert import customers


def file(deployment: Deployment, operation: Operation) -> None:
    """File an operation under the customer whose version it concerns, or bring its row up to date."""
    known = Version.objects.filter(deployment=deployment)
    target = known.filter(miosa_id=operation.target_id).first() if operation.target_id else None
    other = known.filter(miosa_id=operation.seen_live_id).first() if operation.seen_live_id else None
    customer_id = target.customer_id if target and target.customer_id else operation.customer_id
    Entry.objects.update_or_create(
        kind=Entry.Kind.OPERATION,
        subject=operation.pk,
        customer_id=customer_id,
        defaults={
            "at": operation.asked_at,
            "deployment": deployment.pk,
            "version": target.pk if target else 0,
            "other": other.pk if other else 0,
            "number": operation.target_number,
            "text": clean_text.search_key(operation.person_name, operation.reason)[:400],
        },
    )
    customers.touch({customer_id})


def unfile(operation: Operation) -> None:
    """What an operation did is told by another row already."""
    Entry.objects.filter(kind=Entry.Kind.OPERATION, subject=operation.pk).delete()


def unfile_activation(activation: Activation) -> None:
    """A moved pointer that was our own doing is told by its operation."""
    Entry.objects.filter(kind=Entry.Kind.ACTIVATION, subject=activation.pk).delete()
