#!/bin/sh
# Brings everything to what .env and secrets/ say: the first start, a new version, the previous one
# again, another password. Nothing that need not change is touched, and one portal serves while the
# other is exchanged. It can be repeated, and stops at the first thing that fails.
#   ./up.sh       everything
#   ./up.sh db    the database and its roles alone, for a dump to be put back
set -eu
cd "$(dirname "$0")"
oldest=2.26.0 # of those that were tried

say() {
    echo "[up] $*"
}
die() {
    echo "[up] $*" >&2
    exit 1
}
up() { # up SERVICE…
    docker compose up -d --no-deps --quiet-pull "$@"
}
has() {
    echo "$services" | grep -qx "$1"
}
# Files are mounted: a container keeps the one that was there when it started.
same() { # same SERVICE FILE PATH-INSIDE
    docker compose exec -T "$1" cat "$3" </dev/null 2>/dev/null | cmp -s - "$2"
}
read_since() { # read_since SERVICE FILE: the container started after the file was last written
    started=$(docker inspect -f '{{.State.StartedAt}}' "$(docker compose ps -q "$1")")
    [ "$(date -d "$started" +%s)" -gt "$(date -r "$2" +%s)" ]
}
renew() { # renew SERVICE SECRET…: restart it when it has read another secret than the file holds
    service=$1
    shift
    for secret in "$@"; do
        if ! same "$service" "secrets/$secret" "/run/secrets/$secret" ||
            ! read_since "$service" "secrets/$secret"; then
            say "$service: restarted for the new secrets/$secret"
            docker compose restart "$service"
            return
        fi
    done
}
ready() { # ready PORTAL: until it serves
    portal=$1
    up --wait "$portal" ||
        die "$portal does not get well: docker compose logs $portal says why. The other one serves." \
            "Back: the previous tag in .env, and this again."
}
reread() { # PgBouncer reads its files again, and keeps its connections
    if ! read_since pgbouncer pgbouncer.ini || ! read_since pgbouncer secrets/pgbouncer_users; then
        docker compose kill -s HUP pgbouncer
    fi
}

case ${1:-} in '' | db) ;; *) die "There is ./up.sh, and ./up.sh db." ;; esac
version=$(docker compose version --short 2>/dev/null) ||
    die "docker compose does not answer: install Docker with its Compose plugin, $oldest or newer."
version=${version#v}
[ "$(printf '%s\n' "$oldest" "$version" | sort -V | head -n 1)" = "$oldest" ] ||
    die "Compose $version is too old: install $oldest or newer."
[ -e .env ] || die "There is no .env: copy .env.example to it, and fill it in."
examples=$(grep -nE '^(PORTAL_IMAGE|DOMAIN|ADMIN_EMAIL)=(.*[/@.])?example\.com(/|$)' .env) &&
    die "These lines of .env are still those of the example:
$examples"
./secrets.sh
services=$(docker compose config --services)

if has db; then
    up --wait db
    for role in postgres portal; do
        password=$(cat "secrets/${role}_password")
        case $password in
        '' | *[!A-Za-z0-9._~-]*) die "secrets/${role}_password: only letters, digits and . _ ~ - may be in it." ;;
        esac
        echo "SET log_min_error_statement = panic;"
        echo "SELECT 'CREATE ROLE $role' WHERE to_regrole('$role') IS NULL \\gexec"
        echo "ALTER ROLE $role LOGIN PASSWORD '$password';"
    done | docker compose exec -T db psql -qX -v ON_ERROR_STOP=1 -U postgres -d postgres
fi
if [ "${1:-}" = db ]; then
    exit
fi
if has pgbouncer; then
    up pgbouncer
    if ! same pgbouncer pgbouncer.ini /etc/pgbouncer/pgbouncer.ini ||
        ! same pgbouncer secrets/pgbouncer_users /run/secrets/pgbouncer_users; then
        say "pgbouncer: restarted for its new files"
        docker compose restart pgbouncer
    fi
    reread
fi
say "release"
docker compose run --rm -T --no-deps release </dev/null ||
    die "The release failed, the lines above say why. What served before still serves."
for portal in web web2; do
    say "$portal"
    ready "$portal"
    renew "$portal" database_url metrics_token
    ready "$portal"
done
up caddy
if ! same caddy Caddyfile /etc/caddy/Caddyfile; then
    say "caddy: takes the new Caddyfile"
    docker compose exec -T caddy caddy reload --adapter caddyfile --config - <Caddyfile
fi
if has backup; then
    docker compose run --rm -T --no-deps address </dev/null >/dev/null
    up backup
    same backup backup.sh /backup.sh || docker compose restart backup
fi
up prune
renew prune database_url_unpooled
# What the portals before these still needed can go.
./secrets.sh
if has pgbouncer; then reread; fi
docker compose exec -T web python - 60 <tls.py
