"""The description of the API holds: generated requests, good and bad, as everybody who may ask."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import httpx

from tests.support import PASSWORDS, QUIZ, Database, Portal
from tests.web.described import OPERATIONS, SCHEMAS
from tests.web.raw import Raw, raw_portal

TOOL = Path(sys.executable).with_name("schemathesis")
ARGUMENTS = (
    *("--phases", "examples,coverage,fuzzing", "--continue-on-failure"),
    # A body can be of the right form and still be refused: unanswered questions, for one.
    *("--exclude-checks", "positive_data_acceptance", "--warnings", "off"),
    *("--max-examples", "5", "--generation-deterministic", "--no-color"),
    *("--generation-with-security-parameters", "false"),
)
SEVERAL_REQUESTS = {("POST", "/api/quiz/submit")}  # one alone cannot succeed


async def findings(raw: Raw, folder: Path, name: str | None) -> str:
    """Returns what was found as this person, or as nobody; empty when all is as described."""
    arguments = ["run", str(folder / "openapi.json"), *ARGUMENTS]
    arguments += ["--url", f"http://127.0.0.1:{raw.serving.port}"]
    if name is not None:
        async with raw.serving.browser() as browser:
            login = {"username": name, "password": PASSWORDS[name]}
            await browser.post("/api/auth/login", json=login)
            arguments += ["--header", f"Cookie: sid={browser.cookies['sid']}"]
        # which would end the session that all the others need
        arguments += ["--exclude-path-regex", "/api/auth/log(in|out)"]
    process = await asyncio.create_subprocess_exec(
        TOOL,
        *arguments,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return "" if process.returncode == 0 else f"as {name}: {output.decode()}"


async def test_every_operation_answers_as_described(database: Database, tmp_path: Path) -> None:
    async with raw_portal(database.url) as raw:
        async with raw.serving.browser() as browser:
            browser.cookies["sid"] = raw.sid
            answer = await browser.get("/api/openapi.json")
            (tmp_path / "openapi.json").write_bytes(answer.content)
        found = await asyncio.gather(
            *(findings(raw, tmp_path, name) for name in ("alex", "sara", "admin", None))
        )
        async with raw.serving.browser() as browser:
            counted = (await browser.get("/metrics")).text
    assert not any(found), "\n".join(found)
    for method, path in OPERATIONS.keys() - SEVERAL_REQUESTS:
        succeeded = f'{{method="{method}",route="{path}",status="200"}}'
        assert succeeded in counted, f"{method} {path} was never seen to succeed"


async def test_every_operation_says_what_it_can_answer() -> None:
    for (method, path), operation in OPERATIONS.items():
        statuses = set(operation["responses"])
        assert statuses >= {"200", "400", "500"}
        assert ("503" in statuses) or path in ("/api/health", "/health/live")
        assert ("401" in statuses) == (operation["security"] != [] or path == "/api/auth/login")
        if method == "POST":
            assert statuses >= {"403", "409", "415"}
        assert ("413" in statuses) == ("requestBody" in operation)
        if "{" in path:
            assert "404" in statuses
    assert "429" in OPERATIONS["POST", "/api/auth/login"]["responses"]
    assert "403" in OPERATIONS["GET", "/api/quiz/{video_id}"]["responses"]


async def test_the_cookie_and_the_errors_are_described(alex: httpx.AsyncClient) -> None:
    document = (await alex.get("/api/openapi.json")).json()
    (scheme,) = document["components"]["securitySchemes"].values()
    assert scheme == {"type": "apiKey", "in": "cookie", "name": "sid"}
    login = document["paths"]["/api/auth/login"]["post"]
    assert login["security"] == []
    assert "Set-Cookie" in login["responses"]["200"]["headers"]
    error = document["components"]["schemas"]["Error"]
    assert set(error["properties"]) == {"error", "details", "requestId"}
    assert error["required"] == ["error"]
    for status in ("429", "503"):
        assert "Retry-After" in document["components"]["responses"][status]["headers"]


def test_what_is_sent_has_bounds() -> None:
    """Texts have a greatest length, and numbers a least and a greatest."""

    def unbounded(schema: Any, place: str) -> list[str]:
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            properties = SCHEMAS[name]["properties"].items()
            return [
                found for field, kind in properties for found in unbounded(kind, f"{name}.{field}")
            ]
        if "anyOf" in schema:
            return [found for kind in schema["anyOf"] for found in unbounded(kind, place)]
        if schema.get("type") == "array":
            return unbounded(schema["items"], place)
        wanted = {"string": {"maxLength"}, "integer": {"minimum", "maximum"}}
        missing = wanted.get(schema.get("type", ""), set()) - schema.keys()
        return [place] if missing and "enum" not in schema else []

    for (method, path), operation in OPERATIONS.items():
        for parameter in operation.get("parameters", []):
            assert not unbounded(parameter["schema"], f"{path} {parameter['name']}")
        if "requestBody" in operation:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            assert not unbounded(schema, f"{method} {path}")


async def test_a_parameter_is_named_as_it_is_sent(alex: httpx.AsyncClient) -> None:
    for query, field in (("scope=x", "scope"), ("scope=null", "scope"), ("page=x", "page")):
        answer = await alex.get(f"/api/leaderboard?{query}")
        assert answer.status_code == 400
        assert list(answer.json()["details"]) == [field]
        assert "`" not in answer.json()["details"][field]


async def test_only_true_and_false_are_truth_values(alex: httpx.AsyncClient) -> None:
    values: list[Any] = ["false", "true", 0, 1, "", None, []]
    for value in values:
        body = {"videoId": QUIZ, "done": value}
        answer = await alex.post("/api/progress", json=body)
        assert answer.status_code == 400, value
        assert answer.json()["details"] == {"done": "true or false is expected."}


async def test_options_names_every_method_of_an_address(alex: httpx.AsyncClient) -> None:
    for path, allowed in (
        ("/api/progress", "GET, OPTIONS, POST"),
        ("/login", "GET, OPTIONS, POST"),
    ):
        assert (await alex.options(path)).headers["allow"] == allowed
    assert (await alex.options("/api/quiz/x")).headers["allow"] == "GET, OPTIONS"


async def test_options_is_answered_to_everybody(portal: Portal) -> None:
    async with portal.browser() as nobody:
        for path in ("/login", "/path", "/api/progress", "/api/auth/login"):
            answer = await nobody.options(path)
            assert answer.status_code == 204, path
            assert "OPTIONS" in answer.headers["allow"], path
