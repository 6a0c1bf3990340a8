"""The one WSGI entry; ISSUING_PROCESS says whether it serves the portal and API or the processor."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "issuing_portal.settings")
application = get_wsgi_application()

from issuing_portal.core.checks import refuse_unsafe  # noqa: E402  (needs the settings)

refuse_unsafe()
