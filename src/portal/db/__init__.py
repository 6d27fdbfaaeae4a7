"""PostgreSQL: the address, the engine, statements, migrations."""
