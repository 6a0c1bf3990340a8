"""Front-end packages as static files: an allow-list, for whole `dist` folders break `collectstatic`.

What lives here: the finder that serves four files of `node_modules` under `vendor/`, and the storage of the
collected set. What does not: our own sheets and scripts (they are in `static/`).
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.utils import matches_patterns
from django.core.checks import CheckMessage, Error
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

PACKAGE_FILES = {
    "vendor/tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "vendor/tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "vendor/htmx.min.js": "htmx.org/dist/htmx.min.js",
    "vendor/chart.umd.min.js": "chart.js/dist/chart.umd.min.js",
}
"""Name under STATIC_URL → file in `node_modules`. A page can load nothing of a package that is not named here."""


def packages_folder() -> Path:
    """Where npm put the packages."""
    return Path(settings.BASE_DIR) / "node_modules"


class PackageStorage(FileSystemStorage):
    """Reads exactly the files of PACKAGE_FILES; any other name is refused."""

    def __init__(self) -> None:
        super().__init__(location=packages_folder())

    def path(self, name: str) -> str:
        """The file behind a name. Raises: SuspiciousFileOperation for a name that is not on the list."""
        source = PACKAGE_FILES.get(name.replace("\\", "/"))
        if source is None:
            raise SuspiciousFileOperation(f"{name} is not one of the served package files.")
        return str(packages_folder() / source)


class PackageFinder(BaseFinder):
    """The staticfiles finder over PACKAGE_FILES."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.storage = PackageStorage()
        super().__init__(*args, **kwargs)

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        """An error that names the command where a package is not installed: a page without its sheet is no page."""
        missing = [source for source in PACKAGE_FILES.values() if not (packages_folder() / source).is_file()]
        if not missing:
            return []
        return [Error(f"Front-end files are missing: {', '.join(missing)}.", hint="Run `npm ci`.", id="portal.E001")]

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """The absolute path of a served name, or an empty list."""
        if path not in PACKAGE_FILES or not Path(self.storage.path(path)).is_file():
            return []
        found = self.storage.path(path)
        return [found] if find_all or kwargs.get("all") else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, PackageStorage]]:
        """Every served name with its storage."""
        for name in PACKAGE_FILES:
            if not matches_patterns(name, ignore_patterns or []):
                yield name, self.storage


class PortalStaticStorage(CompressedManifestStaticFilesStorage):
    """Hashed names and gzip; source-map comments are left alone, for the maps are not served."""

    patterns = tuple(
        (glob, tuple(rule for rule in rules if "sourceMappingURL" not in (rule if isinstance(rule, str) else rule[0])))
        for glob, rules in CompressedManifestStaticFilesStorage.patterns
    )
