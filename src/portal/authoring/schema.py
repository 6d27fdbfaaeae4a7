"""`portal content schema`: JSON Schema of the course files, for editors and other programs.

It is made from the Structs that `sources` reads the files with. A schema knows one file at a time;
what shows only over the whole course is left to `portal content check`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from portal.authoring.sources import (
    TIME,
    ChoiceSource,
    CourseSource,
    QuestionSource,
    RequirementSource,
    StepSource,
    TaskSource,
    TopicSource,
    VideoSource,
)

FILES: dict[str, type[msgspec.Struct]] = {
    "course": CourseSource,
    "step": StepSource,
    "video": VideoSource,
}
# Tables within tables are read one by one, so that every mistake is found; this is where they are.
HELD = {
    ("StepSource", "topics"): "TopicSource",
    ("StepSource", "practice"): "TaskSource",
    ("StepSource", "requires"): "RequirementSource",
    ("TopicSource", "requires"): "RequirementSource",
    ("VideoSource", "questions"): "QuestionSource",
    ("QuestionSource", "choices"): "ChoiceSource",
}
STRUCTS = (
    *FILES.values(),
    TopicSource,
    TaskSource,
    RequirementSource,
    QuestionSource,
    ChoiceSource,
)
DIALECT = "https://json-schema.org/draft/2020-12/schema"
TIMES = {("VideoSource", "duration"), ("QuestionSource", "at")}


def schema(file: str | None = None) -> dict[str, Any]:
    """Returns the schema of one of `FILES`, or of any of them; as data for JSON."""
    _, definitions = msgspec.json.schema_components(STRUCTS, ref_template="#/$defs/{name}")
    for name, definition in definitions.items():
        definition["additionalProperties"] = False
        for field, wanted in definition["properties"].items():
            _refine(name, field, wanted)
    names = [kind.__name__ for key, kind in FILES.items() if file in (None, key)]
    references = [{"$ref": f"#/$defs/{name}"} for name in names]
    start = references[0] if len(references) == 1 else {"anyOf": references}
    return {"$schema": DIALECT, **start, "$defs": _used(names, definitions)}


def _refine(name: str, field: str, wanted: dict[str, Any]) -> None:
    """Add what the check asks of every text, and what the tables in lists are."""
    held = HELD.get((name, field))
    items = wanted.get("items", {})
    if held:
        # a list of tables, or of tables and texts
        kinds = [{"$ref": f"#/$defs/{held}"}, *items.get("anyOf", ())[1:]]
        items = wanted["items"] = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    if (name, field) in TIMES:
        wanted["pattern"] = f"^({TIME.pattern})?$"
    for text in (wanted, items, *items.get("anyOf", ())):
        if text.get("type") == "string" and "default" not in text:
            text["minLength"] = 1


def _used(names: list[str], definitions: dict[str, Any]) -> dict[str, Any]:
    """Returns the definitions that these and what they hold need, in a stable order."""
    wanted = list(names)
    for name in wanted:
        wanted += [held for (holder, _), held in HELD.items() if holder == name]
    return {name: definitions[name] for name in sorted(set(wanted))}
