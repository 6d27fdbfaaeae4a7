"""What studio shows of each table, and what may be changed there. Needs Piccolo Admin.

Nothing is changed from which scores are computed, nor what has a command that keeps scores,
sessions and the audit right: roles, teams, passwords, disabling. A table that is not named here is
for reading. `admin` changes how the tables read some columns: for a process of studio's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from piccolo.columns import Column
from piccolo.columns.readable import Readable
from piccolo.querystring import QueryString
from piccolo.table import Table
from piccolo_admin.endpoints import TableConfig, create_admin
from piccolo_api.crud.hooks import Hook, HookType
from piccolo_api.crud.validators import Validators
from starlette.authentication import AuthCredentials
from starlette.exceptions import HTTPException
from starlette.middleware.authentication import AuthenticationMiddleware

from portal.accounts import audit, rules
from portal.accounts.tables import AppUser, KnownDevice, LoginSession, Seeded
from portal.accounts.time_zones import zone_named
from portal.learning.tables import VideoProgress

READ_ONLY = "This table is for reading."
BY_COMMAND = (
    "is not changed here: portal user set-role, set-team, set-password, disable, enable and erase,"
    " and portal team set-track and set-days, keep scores, sessions and the audit right."
)


class Access(NamedTuple):
    """The columns that may be changed, and whether rows may be deleted. New rows come from the
    portal itself only."""

    columns: frozenset[str] = frozenset()
    delete: bool = False


_LOOK = Access()
ACCESS = {
    "team": Access(frozenset({"name"})),
    "app_user": Access(frozenset({"name", "email", "time_zone"})),
    "login_session": Access(frozenset({"ended_at"})),
    "known_device": Access(delete=True),
    "activity_day": Access(delete=True),
    "rate_bucket": Access(delete=True),
    "seeded": Access(delete=True),
    "video_progress": Access(
        frozenset({"done", "self_declared", "completed_at", "position_s"}), delete=True
    ),
}


class _AsText(Column):
    """A column that reads as text, for types that JSON does not have."""

    value_type = str
    template = "{}::text"

    def get_select_string(self, engine_type: str, with_alias: bool = True) -> QueryString:  # noqa: ARG002
        text = self.template.format(self._meta.get_full_name(with_alias=False))
        return QueryString(f'{text} AS "{self._meta.name}"' if with_alias else text)


class _AsHex(_AsText):
    template = "encode({}, 'hex')"


class _Operator:
    """The one person here, whom the address has let in. What Piccolo Admin asks of a user."""

    is_authenticated = True
    display_name = "operator"
    user_id = 1


class _OperatorBackend:
    async def authenticate(self, _: Any) -> tuple[AuthCredentials, _Operator]:
        return AuthCredentials(["authenticated"]), _Operator()


def admin(tables: Sequence[type[Table]]) -> Any:
    """Returns Piccolo Admin as an ASGI application without any sign-in of its own.

    Raises `RuntimeError` when this version keeps its sign-in where it cannot be replaced.
    """
    for column in (AppUser.password_hash, Seeded.password_hash):
        column._meta.secret = True
    _read_as(LoginSession.token_hash, _AsHex)
    _read_as(KnownDevice.token_hash, _AsHex)
    _read_as(VideoProgress.watched, _AsText)
    AppUser.get_readable = classmethod(_external_id)  # type: ignore[assignment, method-assign]
    app = create_admin([_config(table) for table in tables], site_name="AI Training Portal")
    guarded = [
        part
        for route in app.routes
        if isinstance(part := getattr(route, "app", None), AuthenticationMiddleware)
    ]
    if len(guarded) != 1:
        raise RuntimeError("Piccolo Admin has changed how it guards its tables.")
    guarded[0].backend = _OperatorBackend()
    return app


def _read_as(column: Any, kind: type[_AsText]) -> None:
    """The table keeps its column, under all the names by which Piccolo knows it."""
    column.__class__ = kind


def _external_id(table: type[AppUser]) -> Readable:
    return Readable(template="%s", columns=[table.external_id])


def _config(table: type[Table]) -> TableConfig:
    access = ACCESS.get(table._meta.tablename, _LOOK)
    return TableConfig(
        table,
        menu_group="Look" if access == _LOOK else "Mend",
        validators=Validators(every=[_only(access)]),
        hooks=[_patching(table, access), _deleting(table)],
    )


def _only(access: Access) -> Callable[..., None]:
    methods = {"GET"}
    methods |= {"PATCH"} if access.columns else set()
    methods |= {"DELETE"} if access.delete else set()

    def check_method(request: Any, **_: Any) -> None:
        if request.method not in methods:
            raise HTTPException(405, READ_ONLY)

    return check_method


def _patching(table: type[Table], access: Access) -> Hook:
    """A form sends every column; only what differs from the row counts, and must be allowed."""

    async def patch(row_id: Any, values: dict[Column, Any]) -> dict[str, Any]:
        row = await table.select().where(table._meta.primary_key == row_id).first()
        if row is None:
            raise HTTPException(404, "This row is gone.")
        changed = {
            column._meta.name: value
            for column, value in values.items()
            if not column._meta.secret and not _same(row[column._meta.name], value)
        }
        for name in sorted(changed.keys() - access.columns):
            raise HTTPException(403, f"{name} {BY_COMMAND}")
        if not changed:  # an UPDATE needs something to set
            name = min(access.columns)
            return {name: row[name]}
        checked = {name: _checked(table, name, value) for name, value in changed.items()}
        await audit.record(
            None, "studio.update", f"{table._meta.tablename}:{row_id}", columns=sorted(checked)
        )
        return checked

    return Hook(HookType.pre_patch, patch)


def _checked(table: type[Table], column: str, value: Any) -> Any:
    """Returns the value as it is kept; refuses what the portal itself would refuse."""
    if column == "name" and table._meta.tablename in ("app_user", "team"):
        value = rules.normal_name(value or "")
        for sentence in rules.name_errors(value).values():
            raise HTTPException(400, sentence)
    elif column == "email" and value and not rules.is_email(value):
        raise HTTPException(400, "This is not an e-mail address.")
    elif column == "time_zone" and value:
        zone = zone_named(value)
        if zone is None:
            raise HTTPException(400, "Choose a time zone, such as Europe/Paris.")
        return zone
    return value


def _deleting(table: type[Table]) -> Hook:
    async def delete(row_id: Any) -> None:
        await audit.record(None, "studio.delete", _target(table, row_id))

    return Hook(HookType.pre_delete, delete)


def _target(table: type[Table], row_id: Any) -> str:
    return f"{table._meta.tablename}:{row_id}"


def _same(old: Any, new: Any) -> bool:
    """Returns whether a form leaves this value alone; its times have whole seconds, and its empty
    text may stand for none."""
    if isinstance(old, datetime) and isinstance(new, datetime):
        return abs((old - new).total_seconds()) < 1
    return bool(old == new) or (old is None and new == "")
