"""The addresses of this package, below /staff/."""

from django.urls import path

from issuing_portal.staff.portal import account, entry, people, proposals

portal_urls = [
    path("sign-in", entry.sign_in, name="sign_in"),
    path("sign-in/second-factor", entry.second_factor, name="second_factor"),
    path("sign-out", entry.sign_out, name="sign_out"),
    path("step-up", entry.step_up, name="step_up"),
    path("invitations/<str:token>", entry.invitation, name="invitation"),
    path("me", account.profile, name="profile"),
    path("me/password", account.password, name="password"),
    path("me/authenticator", account.new_factor, name="new_factor"),
    path("me/recovery-codes", account.recovery_codes, name="recovery_codes"),
    path("me/sessions/end", account.end_sessions, name="end_sessions"),
    path("people", people.people, name="list"),
    path("people/invite", people.invite, name="invite"),
    path("people/<str:user_id>", people.person, name="detail"),
    path("people/<str:user_id>/invite-again", people.invite_again, name="invite_again"),
    path("people/<str:user_id>/give", people.give, name="give"),
    path("people/<str:user_id>/reset-factor", people.reset_factor, name="reset_factor"),
    path("people/<str:user_id>/deactivate", people.deactivate, name="deactivate"),
    path("people/<str:user_id>/reactivate", people.reactivate, name="reactivate"),
    path("grants/<str:grant_id>/revoke", people.revoke, name="revoke"),
    path("proposals", proposals.queue, name="proposals"),
    path("proposals/<str:proposal_id>", proposals.proposal, name="proposal"),
]
