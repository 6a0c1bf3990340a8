"""The launcher of the embedded servers, on clusters of its own."""

import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from issuing_portal.core.embedded import env_file, places, ports, processes
from issuing_portal.core.embedded.errors import LauncherError
from issuing_portal.core.embedded.postgres import FOR_TESTS, Postgres
from issuing_portal.core.embedded.valkey import Valkey
from tests import servers

PAUSE = threading.Event()
MakePostgres = Callable[..., Postgres]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with a space in its name that the server user can reach."""
    user = places.server_user()
    if user.uid is None:
        yield tmp_path
        return
    made = places.passable_folder("tests") / f"case {secrets.token_hex(4)}"
    made.mkdir()
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def make_postgres(folder: Path) -> Iterator[MakePostgres]:
    made: list[Postgres] = []

    def make(*, admin_password: str = "a1", password: str = "b2", for_tests: bool = False, folder: Path = folder) -> Postgres:
        server = Postgres(folder=folder / "pg", log=folder / "postgres.log", user=places.server_user(), options=dict(FOR_TESTS),
                          admin_password=admin_password, password=password, for_tests=for_tests)
        made.append(server)
        return server

    yield make
    for server in made:
        server.stop(at_once=True)


def one(url: str, statement: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(statement).fetchone()  # type: ignore[call-overload]
    assert row is not None
    return row[0]


def test_data_survives_a_restart_and_the_folder_is_private(make_postgres: MakePostgres) -> None:
    first = make_postgres()
    first.start()
    with psycopg.connect(first.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    first.stop()
    second = make_postgres()
    second.start(preferred_port=first.port)
    assert second.port == first.port
    assert one(second.url, "SELECT answer FROM kept") == 42
    assert stat.S_IMODE(second.folder.stat().st_mode) == 0o700


def test_the_application_is_no_superuser_and_owns_its_database(make_postgres: MakePostgres) -> None:
    server = make_postgres()
    server.start()
    assert one(server.url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    assert one(server.url, "SELECT rolcreatedb FROM pg_roles WHERE rolname = current_user") is True
    assert one(server.admin_url, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'issuing'") == "issuing"
    assert one(server.admin_url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is True


def test_only_test_clusters_let_the_application_switch_triggers_off(make_postgres: MakePostgres, folder: Path) -> None:
    server = make_postgres()
    server.start()
    with psycopg.connect(server.url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SET session_replication_role = replica")
    (folder / "other").mkdir()
    (folder / "other").chmod(0o755)
    for_tests = make_postgres(for_tests=True, folder=folder / "other")
    for_tests.start()
    with psycopg.connect(for_tests.url) as connection:
        connection.execute("SET session_replication_role = replica")


def test_a_wrong_password_is_refused(make_postgres: MakePostgres) -> None:
    server = make_postgres(password="right")
    server.start()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.url.replace("right", "wrong"))


def test_lower_case_knows_letters_beyond_ascii(make_postgres: MakePostgres) -> None:
    server = make_postgres()
    server.start()
    assert one(server.url, "SELECT lower('ÉMILE ŁUKASZ')") == "émile łukasz"


def test_lost_passwords_are_set_anew(make_postgres: MakePostgres) -> None:
    first = make_postgres()
    first.start()
    first.stop()
    second = make_postgres(admin_password="new1", password="new2")
    second.start()
    assert one(second.url, "SELECT 1") == 1
    assert second.notes == ["its passwords were set anew from .data/env"]


def test_a_server_left_by_a_killed_run_is_ended_first(make_postgres: MakePostgres) -> None:
    left = make_postgres()
    left.start()
    assert left.process is not None
    second = make_postgres()
    second.start()
    assert left.process.wait(5) == 0
    assert second.notes == [f"a server of an earlier run was still there (process {left.process.pid}) and was stopped first"]
    assert one(second.url, "SELECT 1") == 1


@pytest.mark.parametrize("pid", ["999999", str(os.getpid())], ids=["nobody has it", "another program has it"])
def test_a_stale_pid_file_is_no_obstacle(make_postgres: MakePostgres, pid: str) -> None:
    first = make_postgres()
    first.start()
    first.stop()
    stale = first.folder / "postmaster.pid"
    stale.write_text(f"{pid}\n{first.folder}\n1\n{first.port}\n\n127.0.0.1\n1 1\nready\n")
    places.server_user().own(stale)
    second = make_postgres()
    second.start()
    assert one(second.url, "SELECT 1") == 1


def test_data_of_another_version_is_left_alone_with_a_word(make_postgres: MakePostgres) -> None:
    first = make_postgres()
    first.start()
    first.stop()
    (first.folder / "PG_VERSION").write_text("16\n")
    with pytest.raises(LauncherError, match="written by PostgreSQL 16, and this version brings 18"):
        make_postgres().start()


def test_a_start_interrupted_while_creating_is_made_good(make_postgres: MakePostgres) -> None:
    server = make_postgres()
    half = places.server_folder(server.folder.parent, "pg.new", server.user)
    (half / "PG_VERSION").write_text("18\n")
    server.start()
    assert one(server.url, "SELECT 1") == 1
    assert not half.exists()


def test_a_folder_with_other_files_is_left_alone(make_postgres: MakePostgres) -> None:
    server = make_postgres()
    places.server_folder(server.folder.parent, "pg", server.user)
    (server.folder / "letter.txt").write_text("mine")
    with pytest.raises(LauncherError, match="holds no PostgreSQL cluster but other files"):
        server.start()
    assert (server.folder / "letter.txt").read_text() == "mine"


def test_valkey_asks_for_its_password_and_keeps_its_queue(folder: Path) -> None:
    def make() -> Valkey:
        return Valkey(folder=folder / "valkey", log=folder / "valkey.log", user=places.server_user(), password="secret1")

    first = make()
    first.start()
    try:
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=first.port).ping()
        with redis.Redis.from_url(first.url) as client:
            client.rpush("queue", "doorbell")
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    finally:
        first.stop()
    second = make()
    second.start()
    try:
        with redis.Redis.from_url(second.url) as client:
            assert client.lrange("queue", 0, -1) == [b"doorbell"]
    finally:
        second.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent is gone")
def test_a_child_dies_with_a_killed_parent(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from issuing_portal.core.embedded import processes\n"
        "child = processes.start(['sleep', '60'], log=Path(sys.argv[1])); print(child.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert processes.exists(child)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 5
    while processes.exists(child) and time.monotonic() < deadline:
        PAUSE.wait(0.05)
    assert not processes.exists(child)


def test_secrets_are_made_once_and_kept_private(tmp_path: Path) -> None:
    path = tmp_path / "env"
    made = env_file.secrets_for({"VAULT_KEK": "mine:abc"})
    env_file.write(path, made)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert env_file.read(path) == made
    assert made["VAULT_KEK"] == "mine:abc"
    assert env_file.secrets_for(env_file.read(path)) == made
    assert set(made) == {*env_file.GENERATED, *env_file.SERVER_PASSWORDS}


def test_a_taken_port_is_stepped_over() -> None:
    with socket.socket() as taken:
        taken.bind((ports.LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not ports.is_free(port)
        assert ports.first_free(port) > port
        assert ports.first_free(port, besides=frozenset({port + 1})) > port + 1


def test_the_folder_of_a_killed_test_run_is_removed_and_a_living_one_kept(tmp_path: Path) -> None:
    dead, living = tmp_path / "test-1-a", tmp_path / "test-2-b"
    for made in (dead, living):
        made.mkdir()
        (made / "lock").touch()
    held = places.try_lock(living / "lock")
    assert held is not None
    with held:
        servers.remove_leftovers(tmp_path)
        assert not dead.exists()
        assert living.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs a place that `nobody` can reach")
def test_root_keeps_the_servers_files_where_nobody_can_reach_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv(places.STATE_DIR_VARIABLE, str(folder / "state"))
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    data = closed / ".data"
    places.make_data_dir(data)
    parent, user = places.servers_place(data)
    assert parent.parent == folder / "state"
    assert user.can_enter(parent)
    assert not user.can_enter(data)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert places.servers_place(data)[0] == parent
