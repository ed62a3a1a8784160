"""The pages. A page has one noun for its address, view, template, part and element."""

from django.urls import path, register_converter

from deployments_ui.views import (
    builds,
    compare,
    customers,
    deployments,
    dns_links,
    domains,
    env_vars,
    find,
    hand_off,
    history,
    invitations,
    lifecycle,
    members,
    operations,
    people,
    profile,
    publishing,
    releases,
    runtime,
    styleguide,
    theme,
    undo,
    versions,
)
from portal import converters

register_converter(converters.OpaqueIdConverter, "opaque")

DEPLOYMENT = "c/<slug:slug>/deployments/<opaque:deployment_id>/"
VERSION = f"{DEPLOYMENT}versions/<opaque:version_id>/"
BUILD = f"{DEPLOYMENT}builds/<opaque:build_id>/"
INSTANCE = f"{DEPLOYMENT}runtime/<opaque:instance_id>/"
REVIEW = f"{DEPLOYMENT}env/review/<uuid:key>/"
PERSON = "people/<int:user_id>/"
INVITATION = "people/invitations/<int:invitation_id>/"
MEMBERS = "c/<slug:slug>/people/"
DOMAIN = f"{DEPLOYMENT}domains/<opaque:domain_id>/"

urlpatterns = [
    path("", customers.home, name="home"),
    path("customers/", customers.index, name="customers"),
    path("c/<slug:slug>/", history.show, name="history"),
    path("c/<slug:slug>/refresh/", history.refresh, name="history_refresh"),
    path(DEPLOYMENT, deployments.show, name="deployment"),
    path(f"{DEPLOYMENT}refresh/", deployments.refresh, name="deployment_refresh"),
    path(f"{DEPLOYMENT}builds/", builds.index, name="builds"),
    path(BUILD, builds.show, name="build"),
    path(f"{BUILD}log.txt", builds.log_text, name="build_text"),
    path(INSTANCE, runtime.show, name="instance"),
    path(f"{INSTANCE}log.txt", runtime.log_text, name="instance_text"),
    path(f"{DEPLOYMENT}env/", env_vars.show, name="env"),
    path(f"{DEPLOYMENT}env/set/", env_vars.setting, name="env_set"),
    path(REVIEW, env_vars.review, name="env_review"),
    path(f"{REVIEW}apply/", env_vars.application, name="env_apply"),
    path(f"{REVIEW}discard/", env_vars.discard, name="env_discard"),
    path(f"{DEPLOYMENT}env/delete/<opaque:name>/", env_vars.deletion, name="env_deletion"),
    path(f"{DEPLOYMENT}domains/", domains.index, name="domains"),
    path(f"{DEPLOYMENT}domains/add/", domains.addition, name="domain_add"),
    path(DOMAIN, domains.show, name="domain"),
    path(f"{DOMAIN}verify/", domains.verify, name="domain_verify"),
    path(f"{DOMAIN}detach/", domains.detachment, name="detachment"),
    path(f"{DOMAIN}redirect/", domains.redirection, name="redirection"),
    path(f"{DOMAIN}links/", dns_links.create, name="domain_links"),
    path(f"{DOMAIN}links/<int:link_id>/revoke/", dns_links.revoke, name="domain_link_revocation"),
    path("dns/<str:secret>/", dns_links.show, name="dns_link"),
    path(f"{DEPLOYMENT}compare/", compare.show, name="comparison"),
    path(VERSION, versions.show, name="version"),
    path(f"{VERSION}menu/", versions.menu, name="version_menu"),
    path(f"{VERSION}log/", versions.log, name="log"),
    path(f"{VERSION}log.txt", versions.log_text, name="log_text"),
    path(f"{VERSION}rollback/", releases.rollback, name="rollback"),
    path(f"{VERSION}promote/", releases.promotion, name="promotion"),
    path(f"{DEPLOYMENT}rollback/", releases.last_good, name="last_good"),
    path(f"{DEPLOYMENT}rollback/keep/", releases.keeping, name="keeping"),
    path(f"{DEPLOYMENT}redeploy/", releases.redeployment, name="redeployment"),
    path(f"{DEPLOYMENT}stop/", releases.stop, name="stop"),
    path(f"{DEPLOYMENT}publish/", publishing.publication, name="publication"),
    path("c/<slug:slug>/publish/", publishing.first_publication, name="first_publication"),
    path("c/<slug:slug>/create/", lifecycle.creation, name="creation"),
    path(f"{DEPLOYMENT}rename/", lifecycle.renaming, name="renaming"),
    path(f"{DEPLOYMENT}delete/", lifecycle.deletion, name="deletion"),
    path("operations/", operations.index, name="operations"),
    path("operations/<uuid:key>/", operations.show, name="operation"),
    path("operations/<uuid:key>/decision/", operations.decision, name="decision"),
    path("operations/<uuid:key>/undo/", undo.show, name="undo"),
    path("c/<slug:slug>/operations/", operations.index, name="customer_operations"),
    path("people/", people.index, name="people"),
    path("people/invite/", invitations.creation, name="person_invitation"),
    path("people/invitations/", people.invitations, name="invitations"),
    path(f"{INVITATION}resend/", invitations.resending, name="invitation_resending"),
    path(f"{INVITATION}revoke/", invitations.revocation, name="invitation_revocation"),
    path(PERSON, people.show, name="person"),
    path(f"{PERSON}role/", people.role, name="person_role"),
    path(f"{PERSON}deactivate/", people.deactivation, name="person_deactivation"),
    path(f"{PERSON}reactivate/", people.reactivation, name="person_reactivation"),
    path(f"{PERSON}remove/", people.removal, name="person_removal"),
    path(f"{PERSON}sign-out/", people.sign_out, name="person_sign_out"),
    path("invitations/<str:secret>/", invitations.show, name="invitation"),
    path(MEMBERS, members.index, name="customer_people"),
    path(f"{MEMBERS}invite/", members.invitation, name="customer_invitation"),
    path(f"{MEMBERS}invitations/<int:invitation_id>/resend/", members.resending, name="customer_invitation_resending"),
    path(
        f"{MEMBERS}invitations/<int:invitation_id>/revoke/", members.revocation, name="customer_invitation_revocation"
    ),
    path(f"{MEMBERS}<int:user_id>/role/", members.role, name="member_role"),
    path(f"{MEMBERS}<int:user_id>/remove/", members.removal, name="member_removal"),
    path("handoff/", hand_off.receive, name="handoff"),
    path("handoff/continue/", hand_off.continue_, name="handoff_continue"),
    path("find/", find.show, name="find"),
    path("styleguide/", styleguide.show, name="styleguide"),
    path("styleguide/<slug:page>/", styleguide.show, name="styleguide_page"),
    path("profile/", profile.show, name="profile"),
    path("profile/email/", profile.email, name="profile_email"),
    path("profile/email/<str:secret>/", profile.email_confirmation, name="profile_email_confirmation"),
    path("profile/sessions/end/", profile.end_other_sessions, name="profile_sessions_end"),
    path("profile/sessions/<int:session_id>/end/", profile.end_session, name="profile_session_end"),
    path("theme/", theme.choose, name="theme"),
]
