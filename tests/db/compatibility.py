"""What a migration must not do while the version before it serves, and goes on serving afterwards.

That version is taken to read and write everything that the schema had before. What its code really
does is not looked at: where it is known that it does not, the migration says so in ACCEPTED.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from portal.db.engine import Engine
from tests.db.catalogue import Catalogue, Constraint, Held

KEYS = {"p", "u", "x"}  # primary, unique, and by exclusion
# Of these, every one keeps writers out, and the last one readers as well.
EXCLUSIVE = ("ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock")


class Harm(NamedTuple):
    """`what` the migration does, which is also how it declares it; `why` that is harm."""

    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


class Change(NamedTuple):
    """A schema before and after a migration, and the one that the version before was made for: an
    earlier one where several migrations are always released together."""

    before: Catalogue
    after: Catalogue
    known: Catalogue

    def is_old_table(self, table: str | None) -> bool:
        """Whether the version before knows a table, and it is still there."""
        return table in self.known.relations and table in self.after.relations

    def are_new(self, table: str, columns: Iterable[str]) -> bool:
        """Whether there are columns, and the version before knows none of them."""
        columns = list(columns)
        return bool(columns) and not any((table, c) in self.known.columns for c in columns)


def harms(change: Change, held: Iterable[Held]) -> list[Harm]:
    """Returns everything that would break or hold up the version before, without repetition."""
    rules = (_relations, _columns, _constraints, _indexes, _others, _rights, _rewrites)
    found = [harm for rule in rules for harm in rule(change)]
    return list(dict.fromkeys([*found, *_locks(change, held)]))


def _relations(change: Change) -> Iterator[Harm]:
    for name, kind in change.before.relations.items():
        if name in change.known.relations and change.after.relations.get(name) != kind:
            yield Harm(f"drops {kind} {name}", "the version before uses it; to rename is to drop")


def _columns(change: Change) -> Iterator[Harm]:
    for (table, name), old in change.before.columns.items():
        if not change.is_old_table(table) or change.are_new(table, [name]):
            continue
        where = f"{table}.{name}"
        new = change.after.columns.get((table, name))
        if new is None:
            yield Harm(
                f"drops column {where}",
                "every SELECT and INSERT of the version before names it; to rename is to drop",
            )
            continue
        if new.type != old.type:
            yield Harm(
                f"changes the type of {where}",
                f"the version before reads and writes {old.type}, not {new.type}",
            )
        if new.not_null and not old.not_null:
            yield Harm(f"makes {where} NOT NULL", "the version before may leave it empty")
        if new.default != old.default and old.default is not None:
            yield Harm(
                f"changes the default of {where}",
                f"the version before may count on {old.default}",
            )
    for (table, name), new in change.after.columns.items():
        if not change.is_old_table(table) or not change.are_new(table, [name]):
            continue
        known = change.before.columns.get((table, name)) == new
        if not known and new.not_null and not new.fills_itself:
            yield Harm(
                f"adds column {table}.{name}, NOT NULL without a default",
                "every INSERT of the version before fails",
            )


def _constraints(change: Change) -> Iterator[Harm]:
    for (table, name), old in change.before.constraints.items():
        kept = change.after.constraints.get((table, name))
        if not change.is_old_table(table) or (kept and _same(kept, old)) or old.kind == "c":
            continue
        yield Harm(
            f"drops constraint {name} of {table}",
            "ON CONFLICT needs the key"
            if old.kind in KEYS
            else "who deletes counts on what it does to the rows that refer",
        )
    for (table, name), new in change.after.constraints.items():
        former = change.before.constraints.get((table, name))
        if former is not None and _same(new, former):
            continue
        if change.is_old_table(table) and not _is_met_by_old_writers(change, table, new):
            yield Harm(
                f"adds constraint {name} of {table}",
                f"{new.definition} may refuse what the version before writes",
            )
        if new.kind == "f" and new.holds and change.is_old_table(new.target):
            yield Harm(
                f"keeps rows of {new.target} by {name} of {table}",
                "the version before cannot delete them: ON DELETE CASCADE or SET NULL",
            )


def _same(one: Constraint, other: Constraint) -> bool:
    """Whether both mean the same to who writes; one of them may not have been validated yet."""
    return one.definition.removesuffix(" NOT VALID") == other.definition.removesuffix(" NOT VALID")


def _is_met_by_old_writers(change: Change, table: str, constraint: Constraint) -> bool:
    """Who does not know a column leaves its default there; what holds for that is asked in
    `unmet_checks`. A key must have a column without a default: nulls are never equal."""
    if not change.are_new(table, constraint.columns):
        return False
    empty = [
        (column := change.after.columns[table, name]).default is None and not column.not_null
        for name in constraint.columns
    ]
    nulls_differ = "NULLS NOT DISTINCT" not in constraint.definition
    return constraint.kind in {"c", "f"} or (nulls_differ and any(empty))


async def unmet_checks(change: Change, engine: Engine) -> list[Harm]:
    """Returns the new checks of new columns that their defaults do not pass."""
    found = []
    for (table, name), new in change.after.constraints.items():
        fresh = (table, name) not in change.before.constraints and change.is_old_table(table)
        if not fresh or new.kind != "c" or not change.are_new(table, new.columns):
            continue
        defaults = {each: change.after.columns[table, each] for each in new.columns}
        row = ", ".join(
            f'CAST(({column.default or "NULL"}) AS {column.type}) AS "{each}"'
            for each, column in defaults.items()
        )
        query = f"SELECT ({new.expression}) IS NOT FALSE AS met FROM (SELECT {row}) AS given"
        if not (await engine.fetch(query))[0]["met"]:
            found.append(
                Harm(
                    f"adds constraint {name} of {table}",
                    f"{new.definition} refuses the default, which the version before leaves there",
                )
            )
    return found


def _indexes(change: Change) -> Iterator[Harm]:
    for name, old in change.before.indexes.items():
        kept = change.after.indexes.get(name)
        if change.is_old_table(old.table) and (kept is None or kept.definition != old.definition):
            yield Harm(
                f"drops index {name}",
                "ON CONFLICT needs the key"
                if old.unique
                else "the version before may be slow without it",
            )
    for name, new in change.after.indexes.items():
        former = change.before.indexes.get(name)
        if not change.is_old_table(new.table) or former == new:
            continue
        if not new.valid:
            yield Harm(f"leaves index {name} invalid", "it was built in vain: drop it first")
        is_new = former is None or former.definition != new.definition
        if new.unique and is_new and not change.are_new(new.table, new.columns):
            yield Harm(
                f"adds unique index {name}", "the version before may write the same value twice"
            )


def _others(change: Change) -> Iterator[Harm]:
    before, after = change.before, change.after
    for name, (table, definition) in before.others.items():
        if (table is not None and not change.is_old_table(table)) or _is_dropped_view(change, name):
            continue
        if name not in after.others:
            yield Harm(f"drops {name}", "the version before counts on what it does")
        elif after.others[name][1] != definition:
            yield Harm(f"changes {name}", "the version before counts on what it did")
    for name, (table, _) in after.others.items():
        if name not in before.others and change.is_old_table(table):
            yield Harm(f"adds {name}", "it acts on what the version before writes")


def _is_dropped_view(change: Change, name: str) -> bool:
    kind, _, view = name.partition(" ")
    return kind == "view" and view not in change.after.relations


def _rights(change: Change) -> Iterator[Harm]:
    for grant in sorted(change.before.grants - change.after.grants):
        table = grant.partition(" on ")[2].rpartition(" from ")[0]
        if change.is_old_table(table):
            yield Harm(f"takes {grant}", "the version before may serve as that role")
    for table in sorted(change.after.row_security - change.before.row_security):
        if change.is_old_table(table):
            yield Harm(f"hides rows of {table}", "the version before has no policy")


def _rewritten(change: Change) -> list[str]:
    files = change.after.files
    return [
        name
        for name, file in change.before.files.items()
        if change.is_old_table(name) and files.get(name, file) != file
    ]


def _rewrites(change: Change) -> Iterator[Harm]:
    for name in _rewritten(change):
        yield Harm(f"writes {name} anew", "nobody can read it meanwhile, or its rows are gone")


def _locks(change: Change, held: Iterable[Held]) -> Iterator[Harm]:
    shut: dict[int, set[str]] = {}
    rewritten = _rewritten(change)  # which takes all of the locks
    for lock in held:
        if not change.is_old_table(lock.table) or lock.table in rewritten:
            continue
        if lock.mode == "ShareLock":
            yield Harm(
                f"builds an index of {lock.table} while nobody can write",
                f"CREATE INDEX CONCURRENTLY does not keep writers out ({lock.statement})",
            )
        if lock.mode in EXCLUSIVE and lock.scanned:
            yield Harm(
                f"reads all of {lock.table} while requests wait",
                f"add it NOT VALID, or to a new column, and VALIDATE later ({lock.statement})",
            )
        if lock.mode == "RowExclusiveLock":
            yield Harm(
                f"writes rows of {lock.table}",
                f"they stay locked until the migration ends ({lock.statement})",
            )
        if lock.mode == "AccessExclusiveLock":
            shut.setdefault(lock.transaction, set()).add(lock.table)
    for tables in shut.values():
        if len(tables) > 1:
            yield Harm(
                f"locks {' and '.join(sorted(tables))} at once",
                "requests that take them in another order deadlock: one table for each migration",
            )
