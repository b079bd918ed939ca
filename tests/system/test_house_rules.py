"""The rules of the house that no linter knows."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from core.functions import Trigger
from infra.local.gateway.rewrites import ConfigFile
from infra.local.places import ROOT
from infra.manifest import registered
from main import ENTRY_POINTS

FUNCTIONS = ROOT / "functions"
MODULES = sorted(set(ENTRY_POINTS.values()))

# Each costs a cold start tens to hundreds of milliseconds, so it is imported by what needs it, when it does.
HEAVY = {
    *("firebase_admin", "google.cloud.firestore_v1", "google.cloud.storage", "google.cloud.tasks_v2"),
    *("imageio_ffmpeg", "mammoth", "markdownify", "nh3", "phonenumbers", "PIL", "pillow_heif", "puremagic", "typst"),
    # Jinja2 is not among them: Flask, which functions-framework stands on, brings it in.
    *("aiosmtplib", "babel", "email_validator", "idna"),
}


@lru_cache
def _importing(module: str, *folders: Path) -> dict[str, list[str]]:
    """Import a module in a process of its own. Returns what it did besides (see importing.py)."""
    program = Path(__file__).with_name("importing.py")
    path = os.pathsep.join(map(str, (FUNCTIONS, *folders)))
    ran = subprocess.run(
        [sys.executable, "-B", program, module], capture_output=True, env={"PYTHONPATH": path}, check=False
    )
    assert ran.returncode == 0, ran.stderr.decode()
    return json.loads(ran.stdout)


@pytest.mark.parametrize("module", MODULES)
class TestImporting:
    def test_reads_no_environment(self, module: str) -> None:
        assert _importing(module)["environment"] == []

    def test_touches_nothing_outside(self, module: str) -> None:
        assert _importing(module)["events"] == []

    def test_makes_no_settings_and_no_client(self, module: str) -> None:
        assert _importing(module)["alive"] == []

    def test_leaves_heavy_packages_alone(self, module: str) -> None:
        assert HEAVY & set(_importing(module)["modules"]) == set()

    def test_brings_in_no_other_function(self, module: str) -> None:
        assert set(MODULES) & set(_importing(module)["modules"]) == {module}


class TestTheAudit:
    """What it is to find, done by a module of its own beside a real entry point."""

    @pytest.mark.parametrize(
        ("line", "kind"),
        [
            ("import google.cloud.storage", "modules"),
            ("from google.cloud import tasks_v2", "modules"),
            ("import google.cloud.firestore", "modules"),
            ("from firebase_admin import auth", "modules"),
            ("import phonenumbers", "modules"),
            ("import os; os.environ.get('HOME')", "environment"),
            ("import socket; socket.create_server(('127.0.0.1', 0))", "events"),
            ("open('/dev/null', 'w').close()", "events"),
            ("from core.settings import Settings; held = Settings(environment='local')", "alive"),
        ],
    )
    def test_finds(self, tmp_path: Path, line: str, kind: str) -> None:
        # Only code below the functions' folder counts as reading the environment, so it is run as such.
        code = compile(line, str(FUNCTIONS / "careless.py"), "exec")
        (tmp_path / "careless.py").write_text(
            f"import accounts.profiles.api\nexec(compile({line!r}, {code.co_filename!r}, 'exec'))\n"
        )
        found = _importing("careless", tmp_path)
        assert set(found[kind]) & HEAVY if kind == "modules" else found[kind]


class TestEntryPoints:
    def test_are_the_registry(self) -> None:
        declared = {name: module for module in MODULES for name in _importing(module)["functions"]}
        assert declared == ENTRY_POINTS

    def test_lead_to_every_module_that_declares_one(self) -> None:
        files = [*FUNCTIONS.glob("*/*/api.py"), *FUNCTIONS.glob("*/*/triggers.py")]
        declaring = {".".join(file.relative_to(FUNCTIONS).with_suffix("").parts) for file in files}
        assert set(ENTRY_POINTS.values()) == declaring

    def test_have_names_that_nothing_else_has(self) -> None:
        """functions-framework appends the source to sys.path, so an installed module of the same name would win."""
        ours = {path.stem for path in FUNCTIONS.iterdir() if path.suffix in ("", ".py") and path.stem != "__pycache__"}
        named = {name for function in registered.functions() for name in (function.name, function.entry_point)}
        assert {"main", "core", "accounts", "documents", "privacy"} <= ours
        assert (ours | named) & (packages_distributions().keys() | sys.stdlib_module_names) == set()


class TestRouting:
    def test_leads_every_route_to_its_own_function(self) -> None:
        hosting = ConfigFile(ROOT / "firebase.json").current()
        for function in registered.functions():
            for route in function.application.declared:
                expected = function.name if function.trigger is Trigger.HTTP else None
                assert hosting.service_for(re.sub(r"\{.*?\}", "x1", route.path)) == expected, route.path


# Rule 9: reading a document takes the caller.

ACCESS_FIELDS = {"readers", "shared_with", "tagged", "can_read", "owner_id"}

ALLOWED = {
    "accounts/profiles/portraits.py::sweep": "the nightly schedule's; shows nothing",
    "documents/files/arrival.py::_awaited": "an event's; finds the file that an upload belongs to, and shows nothing",
    "documents/files/comparison.py::_records": "the nightly schedule's; shows numbers alone",
    "documents/files/comparison.py::_stored": "objects, for the nightly schedule; shows numbers alone",
    "documents/files/comparison.py::_uploads": "the nightly schedule's; shows numbers alone",
    "documents/files/copying.py::_wanted": "a task's, for a copy whose maker could read the original",
    "documents/files/sweep.py::_half_deleted": "the nightly schedule's; shows numbers alone",
    "documents/files/sweep.py::_overdue": "the nightly schedule's; shows numbers alone",
    "documents/files/sweep.py::_unfinished_copies": "the nightly schedule's; shows numbers alone",
    "accounts/profiles/devices.py::_add": "its caller is let in and gives its own uid",
    "documents/authoring/history.py::_prune_one": "the nightly schedule's; shows nothing",
    "documents/authoring/history.py::_revision": "below a document that `read` and `restore` have demanded",
    "documents/authoring/history.py::prune": "the nightly schedule's; shows nothing",
    "documents/authoring/trash.py::purge_due": "the nightly schedule's; shows nothing",
    "documents/sharing/granting.py::_made_before": "below a document that `_share` and `_invite` have demanded",
    "documents/sharing/expiry.py::expire_due": "the hourly schedule's; shows nothing",
    "documents/sharing/readers.py::_count": "a Customer that the document is shared with; shows a number",
    "documents/sharing/readers.py::_participants": "a group that the caller is in, and the document is shared with",
    "documents/authoring/trash.py::purge_marked": "the nightly schedule's and a task's; shows nothing",
    "documents/authoring/following.py::_elsewhere": "a task's; shows nothing",
    "accounts/customers/departures.py::_is_on_a_roster": "the nightly schedule's; shows nothing",
    "accounts/customers/departures.py::sweep": "the nightly schedule's; shows nothing",
    "accounts/customers/expiry.py::_expire_some": "the hourly schedule's; shows nothing",
    "accounts/customers/expiry.py::_purge_some": "the hourly schedule's; shows nothing",
    "accounts/customers/inviting.py::_pending": "for those whom `demand_inviter` lets pass; keeps that Customer's",
    "accounts/customers/members.py::listed": "below a Customer that `authority.demand` has demanded",
    "accounts/customers/outstanding.py::listed": "of a Customer that `authority.demand` has demanded",
    "accounts/groups/assigning.py::_helpers": "of a group that `assign` has demanded",
    "accounts/groups/people.py::listed": "below a group that it has demanded",
    "accounts/groups/reading.py::_of": "of a Customer in which `listed` has looked for the caller's role",
    "accounts/groups/sweep.py::_expired": "the nightly schedule's; shows numbers alone",
    "accounts/groups/sweep.py::_marked_deleted": "the nightly schedule's; shows numbers alone",
    "accounts/groups/sweep.py::_marked_moving": "the nightly schedule's; shows numbers alone",
    "accounts/groups/tidying.py::tidy": "a task's; shows a number alone",
    "accounts/groups/upkeep.py::_walk": "a task's; shows a number alone",
    "accounts/outreach/reading.py::_own": "the caller's own: narrowed by their uid",
    "accounts/outreach/sweep.py::count_dead": "a schedule's; shows a number alone",
    "accounts/outreach/sweep.py::hand_out": "a schedule's and a task's; shows a number alone",
    "accounts/outreach/sweep.py::remove_old": "the nightly schedule's; shows a number alone",
    "documents/discussion/audience.py::concerned": "below a document that `commenting` has demanded",
    "documents/discussion/conversing.py::read": "below a conversation that it demands",
    "documents/discussion/messaging.py::listed": "below a conversation that it demands",
}


class TestQueries:
    def test_start_under_the_caller_or_under_what_was_demanded_or_carry_an_access_filter(self) -> None:
        """Those that do not stand on the list, each with its reason, and the list holds no others."""
        found = {name for wing in ("accounts", "documents") for name in _unscoped(FUNCTIONS / wing)}
        assert found == set(ALLOWED)

    @pytest.mark.parametrize(
        ("code", "scoped"),
        [
            ("def f(caller): return devices.under(caller.uid)", True),
            ("def f(uid): return devices.under(uid)", False),
            ("def f(found, id): access.demand(found); return revisions.under(id)", True),
            ("def f(id): return revisions.under(id)", False),
            ("def f(who): return documents.under().where('readers', 'array-contains', who)", True),
            ("def f(who): return documents.under().any_of(Filter(('can_read', p), '==', True) for p in who)", True),
            ("def f(day): return documents.under().where('updated_at', '<', day)", False),
            ("def f(caller): return devices.everywhere().where('owner_id', '==', caller.uid)", False),
        ],
    )
    def test_are_told_apart(self, code: str, *, scoped: bool) -> None:
        assert [name for name, _ in _unscoped_in(ast.parse(code))] == ([] if scoped else ["f"])


def _unscoped(wing: Path) -> Iterator[str]:
    for file in sorted(wing.rglob("*.py")):
        if file.name != "triggers.py":
            for name, _ in _unscoped_in(ast.parse(file.read_text())):
                yield f"{file.relative_to(FUNCTIONS)}::{name}"


def _unscoped_in(module: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    """Yield the queries that no access rule narrows, each with the function that it begins in."""
    for function in ast.walk(module):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and _begins_a_query(call) and not _is_scoped(call, function):
                    yield function.name, call


def _begins_a_query(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in ("under", "everywhere")


def _is_scoped(call: ast.Call, function: ast.AST) -> bool:
    assert isinstance(call.func, ast.Attribute)
    if call.func.attr == "everywhere":
        return False
    if call.args:
        return ast.unparse(call.args[0]) == "caller.uid" or "access.demand" in _called(function)
    strings = {found.value for found in ast.walk(function) if isinstance(found, ast.Constant)}
    return bool(ACCESS_FIELDS & strings) and bool(
        {"where", "any_of"} & {name.split(".")[-1] for name in _called(function)}
    )


def _called(function: ast.AST) -> set[str]:
    return {ast.unparse(found.func) for found in ast.walk(function) if isinstance(found, ast.Call)}


class TestImportsByName:
    def test_stand_where_import_linter_is_told_of_them(self) -> None:
        """import-linter sees none of these, so a vendor could come in through them."""
        users = {
            file.relative_to(FUNCTIONS).as_posix()
            for file in FUNCTIONS.rglob("*.py")
            if "import_module" in file.read_text()
        }
        assert users == {"main.py", "core/data/declarations.py", "core/data/messages.py", "core/web/identity.py"}
