"""The checks of tests/test_house.py: each takes sources and yields what is wrong, as `path:line: sentence`.

Pure functions over text and syntax trees, so that every check can be fed a planted fault. Checks that need Django
set up (URLs, tasks, migrations) are in test_house.py itself.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TREES = ("issuing_portal", "cardholders", "kyc", "cards", "authorisations", "fulfilment", "bench", "tests",
         "templates", "static", "docs", ".ci", "deploy")
SUFFIXES = {".py", ".html", ".js", ".css", ".md", ".toml", ".yaml", ".yml", ".sh", ".txt", ".sql", ".example", ""}
FILE_LINES, FUNCTION_LINES = 500, 60

DOMAIN = ("cardholders/", "kyc/", "cards/", "authorisations/", "fulfilment/", "issuing_portal/ledger/", "issuing_portal/partners/",
          "issuing_portal/events/", "issuing_portal/idempotency/", "issuing_portal/core/money.py")
"""Where money and rules live: no float, and Decimal only in the modules named next."""
DECIMALS = {"cardholders/api/fields.py": "a percentage comes as text with two decimals and leaves as basis points"}
EDGES = re.compile(
    r"(^|/)(api|portal|admin|views|tasks|middleware|celery|context|tests)(\.py$|/)|/management/commands/"
    r"|^issuing_portal/core/(supervisor|embedded)/|^bench/|/migrations/")
CLOCKS = {
    "issuing_portal/core/clock.py": "the clock itself",
    "issuing_portal/core/partitions.py": "a migration makes the first partitions, and passes no clock",
    "issuing_portal/staff/looking_glass.py": "the edge on which every app's admin stands",
    "cards/reveal.py": "the view of the frame, apart from the API for its own policy",
    "issuing_portal/sandbox/simulation.py": "the edge between sandbox and processor: a message is stamped when it is signed",
}
"""Modules beside the edges that may ask what time it is, each with its reason."""
NOW = {("timezone", "now"), ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("timezone", "localdate")}
FORBIDDEN_MODULES = {"utils", "helpers", "common", "managers", "services", "signals"}
AMERICAN = re.compile(r"authoriz|fulfillment|color|canceled|(^|_)programs?(_|$)", re.IGNORECASE)
SOFTWARE = ("issuing_portal/core/embedded/", "bench/")
"""Here a program is a program."""


@dataclass(frozen=True)
class Source:
    """One file of the house: its path from the root, with `/`, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def is_python(self) -> bool:
        return self.path.endswith(".py")

    @property
    def is_test(self) -> bool:
        return self.path.startswith("tests/")

    @property
    def is_migration(self) -> bool:
        return "/migrations/" in self.path

    def at(self, node: ast.AST, sentence: str) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 0)}: {sentence}"


Check = Callable[[Iterable[Source]], Iterator[str]]


def house() -> list[Source]:
    """Every file we wrote: the trees of the product, and the files of the root."""
    files = [file for tree in TREES for file in (ROOT / tree).rglob("*") if file.is_file()]
    files += [file for file in ROOT.iterdir() if file.is_file() and not file.name.endswith(".lock") and file.name != ".env"]
    ours = sorted(file for file in files if file.suffix in SUFFIXES and "__pycache__" not in file.parts)
    return [Source(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")) for file in ours]


def python(sources: Iterable[Source], *, tests: bool = False, migrations: bool = False) -> Iterator[Source]:
    """The Python sources; tests and migrations only when asked for."""
    return (source for source in sources if source.is_python and (tests or not source.is_test) and (migrations or not source.is_migration))


def calls(source: Source) -> Iterator[tuple[ast.Call, str, str]]:
    """Every call with the name called and the name it is called on (`""` where there is none)."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield node, node.func.id, ""
            elif isinstance(node.func, ast.Attribute):
                owner = node.func.value
                yield node, node.func.attr, owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""


def imports(node: ast.AST) -> list[str]:
    """The modules that a statement imports; `from unittest import mock` counts as both."""
    if isinstance(node, ast.Import):
        return [one.name for one in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or "", *(f"{node.module}.{one.name}" for one in node.names)]
    return []


# --- sizes and names ----------------------------------------------------------------------------------------------


def long_files(sources: Iterable[Source]) -> Iterator[str]:
    """STYLE §21: 500 lines stop a file."""
    for source in sources:
        lines = source.text.count("\n")
        if source.path.endswith((".py", ".html", ".js", ".css")) and lines > FILE_LINES:
            yield f"{source.path}:1: {lines} lines, at most {FILE_LINES}"


def long_functions(sources: Iterable[Source]) -> Iterator[str]:
    """STYLE §21: 60 lines stop a function."""
    for source in python(sources, tests=True, migrations=True):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno >= FUNCTION_LINES:
                yield source.at(node, f"{node.name} has {(node.end_lineno or 0) - node.lineno + 1} lines, at most {FUNCTION_LINES}")


def nameless_modules(sources: Iterable[Source]) -> Iterator[str]:
    """STYLE §1: no module is a drawer for everything, and none is empty but a package's mark."""
    for source in python(sources, tests=True):
        path = Path(source.path)
        if FORBIDDEN_MODULES & {path.stem, *path.parts[:-1]}:
            yield f"{source.path}:1: a module is named for what it holds"
        elif not source.text.strip() and path.name != "__init__.py":
            yield f"{source.path}:1: empty files are not created"


def undescribed_modules(sources: Iterable[Source]) -> Iterator[str]:
    """STYLE §22: a module says what lives in it."""
    for source in python(sources):
        if source.text.strip() and not source.path.endswith(("apps.py", "manage.py")) and ast.get_docstring(source.tree) is None:
            yield f"{source.path}:1: a docstring says what lives here"


def american_names(sources: Iterable[Source]) -> Iterator[str]:
    """STYLE §23: what we define is in British English; a header or a vendor's own field keeps its spelling as a string."""
    for source in python(sources, tests=True):
        for node, name in defined_names(source.tree):
            if AMERICAN.search(name) and not source.path.startswith(SOFTWARE):
                yield source.at(node, f"{name}: British English")


def defined_names(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node, node.name
        elif isinstance(node, ast.arg):
            yield node, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node, node.id


# --- states, clock, money -----------------------------------------------------------------------------------------


def status_assignments(sources: Iterable[Source]) -> Iterator[str]:
    """STYLE §10: a status moves by move_to alone. Errors carry an HTTP status of their own (`self.status`)."""
    for source in python(sources):
        if source.path == "issuing_portal/core/states.py":
            continue
        for node in ast.walk(source.tree):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign | ast.AnnAssign) else []
            for target in targets:
                if isinstance(target, ast.Attribute) and target.attr == "status" and not _is_self(target.value):
                    yield source.at(node, "a status is moved by move_to")
        for call, name, _ in calls(source):
            if name in {"update", "bulk_update"} and any(word.arg == "status" for word in call.keywords):
                yield source.at(call, "update(status=…) goes past move_to")
            if name == "execute" and re.search(r"\bSET\s+status\b", ast.unparse(call.args[0]) if call.args else ""):
                yield source.at(call, "SET status goes past move_to")
            if name == "setattr" and len(call.args) > 1 and _constant(call.args[1]) == "status":
                yield source.at(call, "setattr(…, 'status') goes past move_to")


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _constant(node: ast.expr) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def clocks_within(sources: Iterable[Source]) -> Iterator[str]:
    """STYLE §3, §9: an operation gets its clock passed in; only edges ask for the time."""
    for source in python(sources):
        if EDGES.search(source.path) or source.path in CLOCKS:
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and (node.value.id, node.attr) in NOW:
                yield source.at(node, f"{node.value.id}.{node.attr} belongs into an edge")


def floats(sources: Iterable[Source]) -> Iterator[str]:
    """STYLE §8: no float where money and rules live; FloatField nowhere. `time.monotonic` and its kind are no money."""
    for source in python(sources, migrations=True):
        for call, name, _ in calls(source):
            if name == "FloatField" or (name == "float" and source.path.startswith(DOMAIN)):
                yield source.at(call, f"{name}: money is integer minor units")
        if source.path.startswith(DOMAIN):
            for node in ast.walk(source.tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, float):
                    yield source.at(node, f"the float {node.value}")


def decimals(sources: Iterable[Source]) -> Iterator[str]:
    """STYLE §8: Decimal stays out of domain code, save in the modules that DECIMALS names."""
    for source in python(sources, migrations=True):
        if source.path.startswith(DOMAIN) and source.path not in DECIMALS:
            for node in ast.walk(source.tree):
                if "decimal" in imports(node) or (isinstance(node, ast.Attribute) and node.attr == "DecimalField"):
                    yield source.at(node, "Decimal in domain code")


# --- operations, events, jobs ------------------------------------------------------------------------------------


def loose_operations(sources: Iterable[Source]) -> Iterator[str]:
    """STYLE §3: under @operation everything is keyword-only, `by` and `now` among it, and the docstring gives the contract."""
    for source in python(sources):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef) and any(isinstance(mark, ast.Name) and mark.id == "operation" for mark in node.decorator_list):
                named = {argument.arg for argument in node.args.kwonlyargs}
                if node.args.args or node.args.posonlyargs or not {"by", "now"} <= named:
                    yield source.at(node, f"{node.name}(*, …, by, now)")
                if ast.get_docstring(node) is None and not node.name.startswith("_"):
                    yield source.at(node, f"{node.name} has no docstring")


def loose_tasks(sources: Iterable[Source]) -> Iterator[str]:
    """STYLE §14: a task has a name of its own, takes ids by keyword, and survives arguments of a newer publisher."""
    for source in python(sources):
        for node in ast.walk(source.tree):
            for mark in getattr(node, "decorator_list", []):
                if "shared_task" not in ast.dump(mark) or not isinstance(node, ast.FunctionDef):
                    continue
                words = {word.arg for word in mark.keywords} if isinstance(mark, ast.Call) else set()
                if "name" not in words or node.args.args or node.args.kwarg is None:
                    yield source.at(node, f"@shared_task(name=…) def {node.name}(*, …, **_)")


def rings_past_jobs(sources: Iterable[Source]) -> Iterator[str]:
    """STYLE §14: enqueued by name through core.jobs, after COMMIT; a wait is a row, never a countdown."""
    for source in python(sources):
        if source.path == "issuing_portal/core/jobs.py":
            continue
        for call, name, _ in calls(source):
            if name in {"delay", "apply_async", "send_task"} or any(word.arg == "countdown" for word in call.keywords):
                yield source.at(call, f"{name} rings past core.jobs")


def enqueued(sources: Iterable[Source]) -> Iterator[tuple[str, str | None]]:
    """`(where, task name)` of every jobs.enqueue; None where the name is no plain string."""
    for source in python(sources):
        for call, name, owner in calls(source):
            if name == "enqueue" and owner in {"jobs", ""} and source.path != "issuing_portal/core/jobs.py":
                value = _constant(call.args[0]) if call.args else None
                yield source.at(call, "enqueue"), value if isinstance(value, str) else None


def recorded(sources: Iterable[Source]) -> Iterator[tuple[str, str]]:
    """`(where, event type)` of every events.record with a plain type."""
    for source in python(sources):
        for call, name, owner in calls(source):
            value = _constant(call.args[0]) if call.args else None
            if name == "record" and owner in {"events", "operations", ""} and isinstance(value, str):
                yield source.at(call, value), value


def django_signals(sources: Iterable[Source]) -> Iterator[str]:
    """STYLE §13: facts are recorded, not signalled. Django's own `request_finished` and `user_login_failed` are listened to, never sent."""
    for source in python(sources):
        for node in ast.walk(source.tree):
            if any(module.startswith(("django.dispatch", "django.db.models.signals")) for module in imports(node)):
                yield source.at(node, "no Django signals")


def keys_across_apps(sources: Iterable[Source]) -> Iterator[str]:
    """STYLE §4: a foreign key across apps goes by string; only one to a model of the same file may name its class."""
    for source in python(sources):
        own = {node.name for node in source.tree.body if isinstance(node, ast.ClassDef)} if re.search(r"(^|/)models(\.py$|/)", source.path) else None
        for call, name, _ in calls(source):
            if own is not None and name in {"ForeignKey", "OneToOneField", "ManyToManyField"} and call.args:
                target = call.args[0]
                if not isinstance(target, ast.Constant) and not (isinstance(target, ast.Name) and target.id in own):
                    yield source.at(call, f"{name} across apps goes by string")


# --- faults hidden and left over ---------------------------------------------------------------------------------


def swallowed(sources: Iterable[Source]) -> Iterator[str]:
    """No exception vanishes: an empty handler, and suppress() of everything."""
    for source in python(sources, tests=True, migrations=True):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ExceptHandler) and all(isinstance(line, ast.Pass) or _is_ellipsis(line) for line in node.body):
                yield source.at(node, "a swallowed exception")
        for call, name, _ in calls(source):
            if name == "suppress" and any(isinstance(one, ast.Name) and one.id in {"Exception", "BaseException"} for one in call.args):
                yield source.at(call, "suppress(Exception) swallows faults of ours")


def _is_ellipsis(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is ...


def mocks(sources: Iterable[Source]) -> Iterator[str]:
    """STYLE §20: fakes that we own, never unittest.mock."""
    for source in sources:
        if source.is_test and source.is_python:
            for node in ast.walk(source.tree):
                if {"unittest.mock", "mock", "pytest_mock"} & set(imports(node)):
                    yield source.at(node, "a mock: write a fake")


def silent_skips(sources: Iterable[Source]) -> Iterator[str]:
    """A skipped test says why."""
    for source in python(sources, tests=True):
        if source.is_test:
            for call, name, owner in calls(source):
                said = bool(call.args if owner == "pytest" or not owner else ()) or any(word.arg == "reason" for word in call.keywords)
                if name in {"skip", "skipif", "xfail"} and owner in {"pytest", "mark"} and not said:
                    yield source.at(call, "a skip without a word")


LEFT_OVER = re.compile(r"\b(" + "TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
HOMES = re.compile(r"(?<![\w.*])/(?:home|Users)/[a-z]\w*|(?<![\w.*])/root/[\w.]")
EXTENSION = re.compile("CREATE" + r"\s+EXTENSION", re.IGNORECASE)


def left_overs(sources: Iterable[Source]) -> Iterator[str]:
    """What is to be done is an issue, not a comment."""
    return _lines(sources, LEFT_OVER, "an issue, not a comment")


def home_paths(sources: Iterable[Source]) -> Iterator[str]:
    """No file names a folder of somebody's machine."""
    return _lines(sources, HOMES, "a path of one machine")


def extensions(sources: Iterable[Source]) -> Iterator[str]:
    """STYLE §11: the embedded PostgreSQL has none, so no migration asks for one."""
    return _lines((source for source in sources if not source.path.endswith(".md")), EXTENSION, "migrations use no extension")


def _lines(sources: Iterable[Source], pattern: re.Pattern[str], sentence: str) -> Iterator[str]:
    for source in sources:
        for number, line in enumerate(source.text.splitlines(), 1):
            if pattern.search(line):
                yield f"{source.path}:{number}: {sentence}"
