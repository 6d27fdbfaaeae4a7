#!/bin/sh
# Makes what compose.monitoring.yaml needs and starts it: the role that may read statistics and nothing else,
# the scrape configuration for this host. Run it once all else is up; it can be repeated, and is after a
# change of DOMAIN or of ../observability.
set -eu
cd "$(dirname "$0")"
umask 022

die() {
    echo "[monitoring] $*" >&2
    exit 1
}

[ -e .env ] || die "There is no .env: README.md says how the server is set up."
domain=$(sed -n 's/^DOMAIN=//p' .env | tr -d "\"'" | tail -n 1)
[ -n "$domain" ] || die "DOMAIN is not in .env."
mkdir -p metrics monitoring
chown 70:70 metrics # the user that writes the dumps

[ -e secrets/monitor_password ] ||
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >secrets/monitor_password
password=$(cat secrets/monitor_password)
console="postgres://monitor:$password@pgbouncer:5432/pgbouncer?sslmode=disable"
echo "PGBOUNCER_EXPORTER_CONNECTION_STRING=$console" >secrets/pgbouncer_exporter.env
grep -q '^"monitor" ' secrets/pgbouncer_users ||
    printf '\n"monitor" "%s"' "$password" >>secrets/pgbouncer_users
sed -e "s/learn\.example\.com/$domain/g" -e 's/"web:3000"/"web:3000", "web2:3000"/' \
    ../observability/prometheus.yml >monitoring/prometheus.yml

docker compose config --services | grep -qx prometheus ||
    die "Add this line to .env, and run this again: COMPOSE_FILE=compose.yaml:compose.monitoring.yaml"
docker compose exec -T db psql -qX -v ON_ERROR_STOP=1 -U postgres -d postgres <<END
SET log_min_error_statement = panic;
SELECT 'CREATE ROLE monitor' WHERE to_regrole('monitor') IS NULL \\gexec
ALTER ROLE monitor LOGIN PASSWORD '$password' CONNECTION LIMIT 5;
GRANT pg_monitor TO monitor;
END
docker compose kill -s HUP pgbouncer # it reads its users again, and keeps its connections
docker compose up -d --no-deps backup node-exporter blackbox-exporter postgres-exporter \
    pgbouncer-exporter prometheus
docker compose restart prometheus # it reads its files when it starts
