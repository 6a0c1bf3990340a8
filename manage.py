#!/usr/bin/env python
"""Django's command line for Issuing Portal."""

import os
import sys

if __name__ == "__main__":
    if sys.argv[1:] == ["up"]:
        # The supervisor starts the database that the settings would ask for, so it comes before Django.
        from issuing_portal.core.supervisor.run import main

        sys.exit(main())

    from django.core.management import execute_from_command_line

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "issuing_portal.settings")
    execute_from_command_line(sys.argv)
