#!/bin/sh
# Exchanges the replicas of web one at a time, without losing a request: for a new image, for
# changed settings, or for a restart. From the checkout's folder, with the files they run with:
#   deploy/compose/roll.sh -f docker-compose.yml -f deploy/compose/compose.replicas.yml
# A new replica comes before an old one goes. When one does not get well it is removed, the others
# serve on, and the exit code is 1. It can be repeated.
set -eu
oldest=2.26.0   # of those that were tried
seconds=120     # in which a replica must be healthy: a migration may come first
settle=3        # until the load balancer has found a new one: its name server is asked every second

say() {
    echo "[roll] $*"
}
die() {
    echo "[roll] $*" >&2
    exit 1
}

version=$(docker compose version --short 2>/dev/null) ||
    die "docker compose does not answer: install Docker with its Compose plugin, $oldest or newer."
version=${version#v}
[ "$(printf '%s\n' "$oldest" "$version" | sort -V | head -n 1)" = "$oldest" ] ||
    die "Compose $version is too old: install $oldest or newer."
old=$(docker compose "$@" ps -q web)
count=$(echo "$old" | grep -c .) || true
[ "$count" -gt 1 ] ||
    die "$count of web run here: start at least two, and name their files, as in" \
        "$0 -f docker-compose.yml -f deploy/compose/compose.replicas.yml"

state() {
    docker inspect -f '{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{end}}' "$1"
}
for one in $old; do
    known=$(docker compose "$@" ps -aq web)
    docker compose "$@" up -d --no-build --no-recreate --scale "web=$((count + 1))" web
    new=$(docker compose "$@" ps -aq web | grep -vxF "$known") || die "Compose started no new replica."
    left=$seconds
    until [ "$(state "$new")" = "running healthy" ]; do
        left=$((left - 1))
        if [ "$left" -eq 0 ] || [ "$(docker inspect -f '{{.RestartCount}}' "$new")" -gt 2 ]; then
            docker logs --tail 20 "$new" >&2
            docker rm -f "$new" >/dev/null
            die "The new replica does not get well, the lines above say why. The old ones serve."
        fi
        sleep 1
    done
    sleep "$settle"
    docker stop "$one" >/dev/null # what it has in hand is answered first
    docker rm "$one" >/dev/null
    say "$(docker inspect -f '{{.Name}} runs {{.Config.Image}}' "$new")"
done
say "$count replicas are new"
