"""The product's settings with one of the bench's own URL lists: the signed view that does nothing, or the plain baseline."""

import os

from issuing_portal.settings import *  # noqa: F403
from issuing_portal.settings import MIDDLEWARE

ROOT_URLCONF = os.environ["BENCH_URLS"]
if os.environ.get("ISSUING_PROCESS") != "processor":
    # The baseline is a plain project: the middleware that `django-admin startproject` writes, and the portal's own connection settings.
    MIDDLEWARE[:] = [
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ]
