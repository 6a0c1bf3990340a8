"""Run a tool that needs complete settings but no server (mypy, the schema, makemigrations --check).

`python -m issuing_portal.core.embedded.offline manage.py spectacular …` or `… offline mypy .`: throw-away secrets, and
addresses at which nothing listens, so that a tool which does reach for the database fails at once.
"""

import os
import sys

from issuing_portal.core.embedded import env_file, ports


def environment() -> dict[str, str]:
    """What the settings ask for, beneath what is set already."""
    made = env_file.secrets_for({})
    settings = {name: made[name] for name in env_file.GENERATED} | {
        "ENVIRONMENT": "sandbox",
        "DATABASE_URL": f"postgres://nobody:nothing@{ports.LOOPBACK}:1/nothing",
        "REDIS_URL": f"redis://{ports.LOOPBACK}:1/0",
        "DJANGO_SETTINGS_MODULE": "issuing_portal.settings",
    }
    return settings | dict(os.environ)


def main(arguments: list[str]) -> None:
    """Become the tool."""
    command = arguments if arguments[0].endswith(".py") else ["-m", *arguments]
    os.execve(sys.executable, [sys.executable, *command], environment())


if __name__ == "__main__":
    main(sys.argv[1:])
