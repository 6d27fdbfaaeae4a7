"""What studio shows of each table, and what can be changed there. Needs Piccolo Admin.

Nothing can be changed that scores are computed from, nor what has a command of its own, which keeps
scores, sessions and the audit right: roles, teams, passwords, disabling. A table that is not named
here is read-only. `admin` changes how tables read some columns, in this process only.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

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
    " and portal team set-track, set-days, lead and unlead, keep scores, sessions and the audit"
    " right."
)


# By table: the columns that may be changed, and the tables whose rows may be deleted. New rows come
# from the portal itself only.
EDITABLE = {
    "team": {"name"},
    "app_user": {"name", "email", "time_zone"},
    "login_session": {"ended_at"},
    "video_progress": {"done", "self_declared", "completed_at", "position_s"},
}
DELETABLE = {"known_device", "activity_day", "rate_bucket", "seeded", "video_progress"}


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
    """The only user, whom the address has let in, with what Piccolo Admin asks of a user."""

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
        route.app
        for route in app.routes
        if isinstance(getattr(route, "app", None), AuthenticationMiddleware)
    ]
    if len(guarded) != 1:
        raise RuntimeError("Piccolo Admin has changed how it guards its tables.")
    guarded[0].backend = _OperatorBackend()
    return app


def _read_as(column: Any, kind: type[_AsText]) -> None:
    """Change how the column is read, wherever Piccolo holds it."""
    column.__class__ = kind


def _external_id(table: type[AppUser]) -> Readable:
    return Readable(template="%s", columns=[table.external_id])


def _config(table: type[Table]) -> TableConfig:
    name = table._meta.tablename
    methods = {"GET"}
    if name in EDITABLE:
        methods.add("PATCH")
    if name in DELETABLE:
        methods.add("DELETE")

    def check_method(request: Any, **_: Any) -> None:
        if request.method not in methods:
            raise HTTPException(405, READ_ONLY)

    return TableConfig(
        table,
        menu_group="Read-only" if methods == {"GET"} else "Editable",
        validators=Validators(every=[check_method]),
        hooks=[_patching(table, EDITABLE.get(name, set())), _deleting(table)],
    )


def _patching(table: type[Table], editable: set[str]) -> Hook:
    """A form sends every column; only what differs from the row counts, and must be editable."""

    async def patch(row_id: Any, values: dict[Column, Any]) -> dict[str, Any]:
        row = await table.select().where(table._meta.primary_key == row_id).first()
        if row is None:
            raise HTTPException(404, "This row is gone.")
        changed = {
            column._meta.name: value
            for column, value in values.items()
            if not column._meta.secret and not _same(row[column._meta.name], value)
        }
        for name in sorted(changed.keys() - editable):
            raise HTTPException(403, f"{name} {BY_COMMAND}")
        if not changed:  # an UPDATE needs something to set
            name = min(editable)
            return {name: row[name]}
        checked = {name: _checked(table, name, value) for name, value in changed.items()}
        await audit.record(
            None, "studio.update", f"{table._meta.tablename}:{row_id}", columns=sorted(checked)
        )
        return checked

    return Hook(HookType.pre_patch, patch)


def _checked(table: type[Table], column: str, value: Any) -> Any:
    """Returns the value as it is stored; refuses what the portal itself would refuse."""
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
        await audit.record(None, "studio.delete", _audit_target(table, row_id))

    return Hook(HookType.pre_delete, delete)


def _audit_target(table: type[Table], row_id: Any) -> str:
    return f"{table._meta.tablename}:{row_id}"


def _same(old: Any, new: Any) -> bool:
    """Returns whether a form leaves this value as it is. Forms send times in whole seconds, and an
    empty text may mean NULL."""
    if isinstance(old, datetime) and isinstance(new, datetime):
        return abs((old - new).total_seconds()) < 1
    return bool(old == new) or (old is None and new == "")
