"""The one WSGI entry; ISSUING_PROCESS says whether it serves the portal and API or the processor."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "issuing_portal.settings")
application = get_wsgi_application()
