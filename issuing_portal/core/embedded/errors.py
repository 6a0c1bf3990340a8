"""What the launcher says when it cannot go on."""


class LauncherError(Exception):
    """One clear sentence for the person at the terminal; never a traceback."""
