#!/usr/bin/env bash
# Proves on a real Docker Engine what the image and the compose file promise. Needs docker with the
# compose plugin, nothing else.
#   tests/container/verify.sh                  builds the image, then checks
#   IMAGE=name:tag tests/container/verify.sh   checks an image that is there; --no-build means the
#                                              one that the compose file names
# One line per check with the figure seen; exit 1 when one fails. What it makes has names of its own
# and is removed at the end. LOCK=otel: it is the image that sends traces.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

project=portal-verify-$$
image=${IMAGE:-}
[ "${1:-}" = --no-build ] && image=${IMAGE:-ai-training-portal:local}
build=false
if [ -z "$image" ]; then
    build=true
    image=$project
fi
scratch=$(mktemp -d)
passed=0
failed=0
# Settings of this shell or of a .env file are not what is checked here.
unset SEED_DB SEED_HISTORY APP_ENV PUBLIC_URL TRUSTED_PROXIES ADMIN_EMAIL ADMIN_PASSWORD POSTGRES_PASSWORD
export PORTAL_PORT=0 # any free one
dsn=postgresql://postgres:postgres@db:5432
small=(--read-only --tmpfs /tmp:size=32m --cap-drop ALL --security-opt no-new-privileges
    --cpus 0.25 --memory 256m --memory-swap 256m)
printf 'services:\n  web:\n    image: %s\n' "$image" >"$scratch/image.yml"

compose() {
    docker compose --project-directory . --env-file /dev/null -p "$project" \
        -f docker-compose.yml -f "$scratch/image.yml" "$@"
}

# shellcheck disable=SC2317 # the trap calls it
clean_up() {
    docker ps -aq --filter "name=^$project-" | xargs docker rm -fv >/dev/null 2>&1
    compose down -v --remove-orphans >/dev/null 2>&1
    [ "$build" = true ] && docker image rm "$image" >/dev/null 2>&1
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

ok() {
    passed=$((passed + 1))
    echo "ok   $*"
}
fail() {
    failed=$((failed + 1))
    echo "FAIL $*"
}
check() { # check TEXT COMMAND…
    local text=$1
    shift
    if "$@"; then ok "$text"; else fail "$text"; fi
}
# The same for a script that prints such lines itself.
relay() {
    local line said=0
    "$@" >"$scratch/relay" 2>&1
    local status=$?
    while IFS= read -r line; do
        case $line in
            "ok   "*) ok "${line#ok   }" && said=1 ;;
            "FAIL "*) fail "${line#FAIL }" && said=1 ;;
            *) echo "     $line" ;;
        esac
    done <"$scratch/relay"
    if [ "$status" -ne 0 ] || [ "$said" -eq 0 ]; then fail "$* ended with $status"; fi
}
finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
    exit
}
stop_here() { # what comes next cannot work
    fail "$1"
    compose logs --tail 30 2>/dev/null
    finish
}
now() { # milliseconds, or whole seconds where date knows no better
    local ms
    ms=$(date +%s%3N)
    case $ms in *[!0-9]*) ms=$(date +%s)000 ;; esac
    echo "$ms"
}
# shellcheck disable=SC2317 # check calls it
quietly() { "$@" >/dev/null 2>&1; }
client() { docker exec -i "$project-client" python - "$@" <tests/container/client.py; }
in_web() { compose exec -T web "$@" </dev/null; }
sql() { # sql DATABASE STATEMENT
    compose exec -T db psql -qAtX -U postgres -d "$1" -c "$2" </dev/null
}
until_sql() { # until_sql DATABASE QUERY: at most 15 s, until it returns true
    local end=$((SECONDS + 15))
    while [ "$(sql "$1" "$2" 2>/dev/null)" != t ]; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}
state() { docker inspect -f "{{.State.$2}}" "$1"; }
run_small() { # run_small NAME [docker options]: a container beside the composed ones, short of all
    local name=$project-$1
    shift
    docker run -d --name "$name" --network "${project}_default" "${small[@]}" "$@" "$image" \
        >/dev/null
}
ends_well() { # exit codes of a process that was asked to stop
    case $1 in 0 | 130 | 143) return 0 ;; *) return 1 ;; esac
}

check_image() {
    local size names
    size=$(($(docker image inspect -f '{{.Size}}' "$image") / 1000000))
    check "image of $size MB" test "$size" -lt 400
    names=$(comm -23 <(package_names locks/dev.txt) <(package_names "locks/${LOCK:-runtime}.txt"))
    # shellcheck disable=SC2086 # one argument per name
    relay docker run --rm -i --network none --read-only --cap-drop ALL --entrypoint python \
        "$image" - $names <tests/container/inspect_image.py
    check "docker run IMAGE portal --version: $(docker run --rm "$image" portal --version)" \
        quietly docker run --rm --network none "$image" --version
    check "docker run IMAGE sh" docker run --rm --network none "$image" sh -c 'test -x /bin/sh'
    local said
    said=$(docker run --rm --network none "$image" 2>&1)
    check "without DATABASE_URL one line: $said" test "$(grep -c . <<<"$said")" -eq 1
}
package_names() { sed -n 's/^\([A-Za-z0-9._-]*\)==.*/\1/p' "$1" | tr 'A-Z_.' 'a-z--' | sort -u; }

start() {
    local from
    from=$(now)
    compose up -d --no-build --wait 2>"$scratch/up" || {
        cat "$scratch/up"
        stop_here "docker compose up --wait"
    }
    ok "docker compose up --wait: $(($(now) - from)) ms"
    docker run -d --name "$project-client" --network "${project}_default" --entrypoint sleep \
        --no-healthcheck "$image" 3600 >/dev/null
    client wait web:3000 /health/ready 60 >/dev/null || stop_here "ready within 60 s"
    relay client probes
}

check_port() { # from this machine, through the published port
    local port answer
    port=$(compose port web 3000)
    port=${port##*:}
    if exec 3<>"/dev/tcp/127.0.0.1/$port"; then
        printf 'GET /api/health HTTP/1.1\r\nHost: localhost:%s\r\nConnection: close\r\n\r\n' \
            "$port" >&3
        answer=$(tr -d '\r' <&3 | head -1)
        exec 3>&-
    fi
    check "port $port of this machine: ${answer:-no answer}" \
        test "${answer:-}" = "HTTP/1.1 200 OK"
}

check_runbook() {
    local rows
    rows=$(compose exec -T db psql -U postgres -d claude_training \
        -c "SELECT id, externalId, role FROM \"User\";" </dev/null)
    check "the runbook's query: $(tail -1 <<<"$rows")" \
        test "$(grep -cE '\| (alex|sara|admin) +\| (learner|manager|admin)' <<<"$rows")" -eq 3
    check "pg_isready in db" \
        quietly compose exec -T db pg_isready -U postgres -d claude_training </dev/null
    check "portal migrate status: $(in_web portal migrate status)" \
        quietly in_web portal migrate status
    check "portal migrate again: $(in_web portal migrate)" quietly in_web portal migrate
    check "portal seed again: $(in_web portal seed)" quietly in_web portal seed
    local url
    url=$(in_web printenv DATABASE_URL)
    check "printenv DATABASE_URL names db" test "${url##*@}" = db:5432/claude_training
    check "one network: $(docker network ls -q --filter "name=$project" | wc -l | tr -d ' ')" \
        test "$(docker network ls -q --filter "name=$project" | wc -l)" -eq 1
}

check_confined() {
    local web health held
    web=$(compose ps -q web)
    health=$(state "$web" Health.Status)
    check "HEALTHCHECK: $health" test "$health" = healthy
    held=$(docker inspect -f '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.NanoCpus}} {{.HostConfig.Memory}} {{.HostConfig.LogConfig.Type}} {{index .HostConfig.LogConfig.Config "max-size"}}' "$web")
    check "web is held to: $held" test "$held" = "true 250000000 268435456 json-file 10m"
    held=$(docker exec "$web" sh -c 'grep -E "^(CapEff|NoNewPrivs)" /proc/1/status' | tr -d '\n\t')
    check "process 1: $held" test "$held" = "CapEff:0000000000000000NoNewPrivs:1"
    held=$(docker exec "$web" sh -c 'tr "\0" " " </proc/1/cmdline')
    check "process 1 is the portal: $held" test "${held% }" != "${held%portal serve }"
    docker exec "$web" sh -c 'touch /opt/portal/x' 2>/dev/null
    check "nothing can be written: $(docker diff "$web" | wc -l | tr -d ' ') changes" \
        test "$(docker exec "$web" sh -c 'touch /opt/portal/x 2>/dev/null && echo written')" = ""
    held=$(docker stats --no-stream --format '{{.MemUsage}}' "$web")
    check "memory in use: $held" test "$(state "$web" OOMKilled)" = false
}

check_stop() {
    local web from took code flying
    web=$(compose ps -q web)
    # A lock makes one request last four seconds; the stop comes in the middle of it.
    sql claude_training "BEGIN; LOCK TABLE user_score; SELECT pg_sleep(4); COMMIT" >/dev/null &
    until_sql claude_training "SELECT count(*) > 0 FROM pg_locks WHERE granted
        AND mode = 'AccessExclusiveLock' AND relation = 'user_score'::regclass"
    client inflight >"$scratch/inflight" &
    flying=$!
    until_sql claude_training \
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'" ||
        fail "no request was in flight"
    from=$(now)
    compose stop web 2>/dev/null
    took=$(($(now) - from))
    wait "$flying"
    relay cat "$scratch/inflight"
    code=$(state "$web" ExitCode)
    check "docker compose stop web: exit $code after $took ms" \
        test "$took" -lt 10000 -a "$(ends_well "$code" && echo well)" = well
    compose start web 2>/dev/null
    client wait web:3000 /health/ready 60 >/dev/null
    relay client kept "after stop and start"

    from=$(now)
    compose restart web 2>/dev/null
    client wait web:3000 /health/ready 60 >/dev/null
    check "docker compose restart web, until ready: $(($(now) - from)) ms" \
        test "$(state "$web" Running)" = true
    relay client kept "after restart"

    compose kill web 2>/dev/null && compose up -d --no-build web 2>/dev/null
    client wait web:3000 /health/ready 60 >/dev/null
    relay client kept "after kill and up"
}

check_small() {
    local name=$project-small from at ready
    from=$(now)
    run_small small -e DATABASE_URL="$dsn/claude_training" -e PORT=8080
    if at=$(client wait "$name:8080" /api/health 60); then
        check "0.25 vCPU, 256 MB, PORT=8080: first 200 after $((at - from)) ms" \
            test $((at - from)) -lt 10000
    else
        fail "0.25 vCPU, 256 MB: no answer: $(docker logs "$name" 2>&1 | tail -3)"
    fi
    ready=$(client wait "$name:8080" /health/ready 60)
    check "… ready after $((ready - from)) ms, $(docker stats --no-stream --format '{{.MemUsage}}' "$name")" \
        test "$ready" -gt 0
    from=$(now)
    docker stop -t 10 "$name" >/dev/null
    check "… docker stop: exit $(state "$name" ExitCode) after $(($(now) - from)) ms" \
        ends_well "$(state "$name" ExitCode)"
    docker rm -f "$name" >/dev/null
}

hears_sigterm() { # hears_sigterm PID: at most 10 s, until the process has a handler
    local end=$((SECONDS + 10)) caught
    while [ "$SECONDS" -lt "$end" ]; do
        caught=$(awk '/^SigCgt/ {print $2}' "/proc/$1/status") || return 1
        if ((16#$caught & 1 << 14)); then return 0; fi
        sleep 0.02
    done
    return 1
}

check_early_signal() { # process 1 ignores what it has no handler for, so it must have one early
    local name=$project-early signal from code
    for signal in TERM INT; do
        run_small early -e DATABASE_URL="$dsn/claude_training" --stop-signal "SIG$signal"
        hears_sigterm "$(state "$name" Pid)" || fail "no handler for SIGTERM within 10 s"
        from=$(now) # the imports begin now, and take some three seconds here
        docker stop -t 10 "$name" >/dev/null
        code=$(state "$name" ExitCode)
        check "SIG$signal during the start: exit $code after $(($(now) - from)) ms" ends_well "$code"
        docker rm -f "$name" >/dev/null
    done
}

check_migration_stop() {
    local name=$project-migrating database=verify_migration from code took left
    sql postgres "CREATE DATABASE $database"
    # Someone else is making the same table, so the migration waits in the middle of its own.
    sql "$database" "BEGIN; CREATE TABLE app_user (); SELECT pg_sleep(60)" >/dev/null 2>&1 &
    until_sql "$database" "SELECT count(*) > 0 FROM pg_stat_activity
        WHERE datname = '$database' AND query LIKE '%pg_sleep%' AND wait_event = 'PgSleep'"
    run_small migrating -e DATABASE_URL="$dsn/$database"
    check "a migration is under way" until_sql "$database" "SELECT count(*) > 0
        FROM pg_stat_activity WHERE datname = '$database' AND wait_event_type = 'Lock'"
    from=$(now)
    docker stop -t 10 "$name" >/dev/null
    took=$(($(now) - from))
    code=$(state "$name" ExitCode)
    check "SIGTERM during a migration: exit $code after $took ms" \
        test "$took" -lt 10000 -a "$(ends_well "$code" && echo well)" = well
    left=$(docker logs "$name" 2>&1 | grep -c Traceback)
    check "… without a traceback: $left" test "$left" -eq 0
    check "… it leaves no connection" until_sql "$database" "SELECT count(*) = 0
        FROM pg_stat_activity WHERE datname = '$database' AND pid <> pg_backend_pid()
        AND query NOT LIKE '%pg_sleep%'"
    sql "$database" "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = '$database' AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()" \
        >/dev/null
    left=$(sql "$database" "SELECT count(*) FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'migration'")
    check "… and no table: $left" test "$left" = 0
    docker start "$name" >/dev/null
    client wait "$name:3000" /health/ready 60 >/dev/null
    check "… and the next start brings it to head: $(docker exec "$name" portal migrate status)" \
        quietly docker exec "$name" portal migrate status
    docker rm -f "$name" >/dev/null
}

check_three_at_once() {
    local number ready=0 applied
    sql postgres "CREATE DATABASE verify_three"
    for number in 1 2 3; do
        run_small "three-$number" -e DATABASE_URL="$dsn/verify_three" -e SEED_DB=true
    done
    for number in 1 2 3; do
        client wait "$project-three-$number:3000" /health/ready 90 >/dev/null &&
            ready=$((ready + 1))
    done
    check "three starts at once on an empty database: $ready ready" test "$ready" -eq 3
    applied=$(for number in 1 2 3; do docker logs "$project-three-$number" 2>&1; done |
        grep -c ': applied')
    check "… each migration applied once: $applied" \
        test "$applied" -eq "$(sql verify_three "SELECT count(*) FROM migration")"
    docker rm -f "$project"-three-{1,2,3} >/dev/null
}

check_outage() {
    compose stop db 2>/dev/null
    relay client outage stopped
    (sleep 1 && compose start db 2>/dev/null) &
    relay client recovery "$dsn/claude_training" stopped
    wait $!
    compose pause db 2>/dev/null
    relay client outage silent
    (sleep 1 && compose unpause db 2>/dev/null) &
    relay client recovery "$dsn/claude_training" silent
    wait $!
    relay client kept "after both outages"
    check "web was not restarted: $(state "$(compose ps -q web)" Health.Status)" \
        test "$(docker inspect -f '{{.RestartCount}}' "$(compose ps -q web)")" = 0
}

check_no_database() {
    local name=$project-absent from code took said
    from=$(now)
    run_small absent -e DATABASE_URL=postgresql://postgres:hush-hush@db-absent:5432/none \
        -e DB_WAIT_SECONDS=4
    check "no database at the start: /api/health 200" \
        test "$(client wait "$name:3000" /api/health 30)" != ""
    code=$(docker wait "$name")
    took=$(($(now) - from))
    check "… exit $code after $took ms with DB_WAIT_SECONDS=4" \
        test "$code" -eq 1 -a "$took" -gt 4000 -a "$took" -lt 20000
    said=$(docker logs "$name" 2>&1 | grep -v ' listens on ')
    check "… one line: $said" test "$(grep -c . <<<"$said")" -eq 1
    check "… without the password or a traceback" \
        test "$(docker logs "$name" 2>&1 | grep -cE 'hush-hush|Traceback')" -eq 0
    docker rm -f "$name" >/dev/null
}

if [ "$build" = true ]; then
    from=$(now)
    compose build web || stop_here "docker compose build"
    ok "docker compose build: $(($(now) - from)) ms"
fi
docker image inspect "$image" >/dev/null 2>&1 || stop_here "there is no image $image"
check_image
start
check_port
check_runbook
relay client quiz
check_confined
check_stop
check_small
check_early_signal
check_migration_stop
check_three_at_once
check_outage
check_no_database
finish
