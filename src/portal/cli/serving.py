"""The commands that serve, on a server or on a developer's machine, and look after it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from portal.cli.base import echo, load_settings, path, port_number, program, run_on_engine
from portal.cli.database import apply_migrations

if TYPE_CHECKING:
    from portal.config.settings import Settings


@program.command("dev")
@click.option(
    "--port", type=port_number, default="3000", help="1 to 65535; 3000 without it", metavar="PORT"
)
@click.option("--data-dir", type=path, default=".data", metavar="FOLDER", help="holds the data")
@click.option("--reset", is_flag=True, help="delete the data first")
def dev_command(port: int, data_dir: Path, reset: bool) -> int:
    """Run everything here, with an embedded PostgreSQL."""
    from portal.cli.dev import dev

    return dev(port=port, data_dir=data_dir, reset=reset)


@program.command(
    "test",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED)
def test_command(pytest_arguments: tuple[str, ...]) -> int:
    """Run the tests on an embedded PostgreSQL. Everything after the word is pytest's."""
    from portal.cli.dev import run_tests

    return run_tests(list(pytest_arguments))


@program.command("serve")
def serve_command() -> int:
    """Serve requests (the container's command)."""
    from portal.cli.server import serve

    return serve(load_settings())


@program.command("release")
def release_command() -> int | None:
    """Migrate, make the first admin, then seed if SEED_DB is true."""
    from portal.accounts import demo
    from portal.errors import CommandFailed
    from portal.serving.release import ensure_first_admin
    from portal.serving.seed import seed

    settings = load_settings()
    if settings.seed_db and settings.demo_refused:
        raise CommandFailed(demo.REFUSED)
    apply_migrations()

    async def fill(settings: Settings) -> None:
        await ensure_first_admin(settings)
        if settings.seed_db:
            echo(f"Seeded {await seed(settings)}.")

    return run_on_engine(fill, direct=True)


@program.command("healthcheck")
def healthcheck_command() -> int:
    """Exit 0 when the service answers. Reads HOST and PORT only."""
    from portal.serving.healthcheck import healthcheck

    return healthcheck()


@program.command("doctor")
def doctor_command() -> int:
    """Look at everything: what is wrong, and what mends it."""
    from portal.ops.doctor.run import doctor

    return doctor(echo)  # it reads the settings itself: a broken one is a finding, not an end
