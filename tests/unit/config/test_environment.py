"""Where settings come from: the environment, `.env` files and files that hold a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.config.environment import EnvFileError, read_env_file
from portal.config.settings import SETTINGS, Settings, SettingsError

DIRECT = "postgres://app:pw-direct@db:5432/learning"
FILE_NAMES = [setting.file_name for setting in SETTINGS if setting.secret]


def load(folder: Path, /, **environ: str) -> Settings:
    return Settings.from_env({"DATABASE_URL": DIRECT, **environ}, cwd=folder)


def problems(folder: Path, /, **environ: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(folder, **environ)
    return caught.value.problems


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_secret_from_file(tmp_path: Path, ending: str) -> None:
    (tmp_path / "token").write_bytes(f"s3cr3t{ending}".encode())
    (tmp_path / "password").write_bytes(f" two words {ending}".encode())
    (tmp_path / "dsn").write_bytes(f"{DIRECT}{ending}".encode())
    settings = load(
        tmp_path,
        DATABASE_URL="",
        DATABASE_URL_FILE=str(tmp_path / "dsn"),
        ADMIN_EMAIL="a@example.com",
        ADMIN_PASSWORD_FILE=str(tmp_path / "password"),
        METRICS_TOKEN_FILE=str(tmp_path / "token"),
    )
    assert settings.metrics_token == "s3cr3t"
    assert settings.admin_password == " two words "
    assert settings.database is not None
    assert settings.database.password == "pw-direct"


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_secret_from_the_environment_is_read_as_from_a_file(tmp_path: Path, ending: str) -> None:
    """`kubectl create secret --from-file` keeps the line break that `openssl rand` wrote."""
    settings = load(
        tmp_path,
        DATABASE_URL=f"{DIRECT}{ending}",
        ADMIN_EMAIL=f"a@example.com{ending}",
        ADMIN_PASSWORD=f" two words {ending}",
        METRICS_TOKEN=f"s3cr3t{ending}",
        SMTP_URL=f"smtp://u:p@mail.example.com:587{ending}",
    )
    assert settings.admin_password == " two words "
    assert settings.admin_email == "a@example.com"
    assert settings.metrics_token == "s3cr3t"
    assert settings.smtp_url is not None
    assert (settings.smtp_url.host, settings.smtp_url.port) == ("mail.example.com", 587)
    assert settings.database is not None
    assert settings.database.password == "pw-direct"


def test_the_mark_of_an_editor_is_no_part_of_a_secret(tmp_path: Path) -> None:
    (tmp_path / "password").write_bytes("four plain words\n".encode("utf-8-sig"))
    (tmp_path / "dsn").write_bytes(DIRECT.encode("utf-8-sig"))
    settings = load(
        tmp_path,
        DATABASE_URL="",
        DATABASE_URL_FILE=str(tmp_path / "dsn"),
        ADMIN_EMAIL="a@example.com",
        ADMIN_PASSWORD_FILE=str(tmp_path / "password"),
    )
    assert settings.admin_password == "four plain words"
    assert settings.database is not None


@pytest.mark.parametrize("name", FILE_NAMES)
def test_a_secret_holds_no_nul(tmp_path: Path, name: str) -> None:
    secret = name.removesuffix("_FILE")
    base = {"ADMIN_EMAIL": "a@example.com", "DATABASE_URL": DIRECT}
    base.pop(secret, None)
    (tmp_path / "secret").write_bytes(DIRECT.encode() + b"\0")
    found = problems(tmp_path, **{"DATABASE_URL": "", **base, name: str(tmp_path / "secret")})
    assert found == (f"{name} holds a NUL character.",)


@pytest.mark.parametrize("name", FILE_NAMES)
def test_file_problems(tmp_path: Path, name: str) -> None:
    secret = name.removesuffix("_FILE")
    base = {"ADMIN_EMAIL": "a@example.com", "DATABASE_URL": ""}
    if secret != "DATABASE_URL":
        base["DATABASE_URL"] = DIRECT
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")

    both = base | {secret: "hush", name: str(tmp_path / "empty")}
    assert problems(tmp_path, **both) == (f"{secret} and {name} are both set: keep one of them.",)
    empty = base | {name: str(tmp_path / "empty")}
    assert problems(tmp_path, **empty) == (f"{name} names an empty file.",)
    for unreadable in (tmp_path, tmp_path / "missing", tmp_path / "binary"):
        environ = base | {name: str(unreadable)}
        assert problems(tmp_path, **environ) == (f"{name} names a file that cannot be read.",)


def test_env_files(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "PORT=1001\nSESSION_HOURS=2\nRETAIN_DAYS=3\nAPP_ENV=production\n"
    )
    (tmp_path / ".env.local").write_text("PORT=1002\nSESSION_HOURS=4\n")
    settings = load(tmp_path, APP_ENV="development", PORT="1003", SESSION_HOURS="")
    assert settings.app_env == "development"
    assert (settings.port, settings.session_hours, settings.retain_days) == (1003, 4, 3)


def test_production_ignores_env_files(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("APP_ENV=development\nPORT=1001\nbroken\n")
    assert load(tmp_path).port == 3000
    assert load(tmp_path, APP_ENV="production").port == 3000


def test_file_form_of_the_environment_wins_over_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("METRICS_TOKEN=from-env-file\n")
    (tmp_path / "token").write_text("from-file")
    settings = load(tmp_path, APP_ENV="development", METRICS_TOKEN_FILE=str(tmp_path / "token"))
    assert settings.metrics_token == "from-file"


def test_broken_env_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=1\n\nDATABASE_URL 'hush'\n")
    assert problems(tmp_path, APP_ENV="development", PORT="x") == (
        ".env cannot be read: line 3 is not NAME=value.",
        "PORT must be a whole number from 1 to 65535.",
    )


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("  export A = b c ", "b c"),
        ("A=", ""),
        ("A=b # comment", "b"),
        ("A= # comment", ""),
        ("A=b#c", "b#c"),
        ("A='b # c' # comment", "b # c"),
        (r"A='b\n'", r"b\n"),
        (r'A="b\n\"c\" \\ \d"', 'b\n"c" \\ \\d'),
        ("A=postgres://u:p=w@h/d?a=b", "postgres://u:p=w@h/d?a=b"),
        ("\ufeffA=b\r\n", "b"),
        ("# comment\nA=b", "b"),
    ],
)
def test_env_file_lines(tmp_path: Path, line: str, value: str) -> None:
    path = tmp_path / ".env"
    path.write_bytes(line.encode())
    assert read_env_file(path) == {"A": value}


@pytest.mark.parametrize("line", ["A", "1A=b", "A='b", 'A="b', "A-B=c"])
def test_env_file_refusals(tmp_path: Path, line: str) -> None:
    path = tmp_path / ".env"
    path.write_text(line)
    with pytest.raises(EnvFileError, match=r"^\.env cannot be read: line 1 is not NAME=value\.$"):
        read_env_file(path)


def test_a_folder_called_env_is_no_file(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    assert read_env_file(tmp_path / ".env") == {}
