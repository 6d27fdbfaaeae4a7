#!/bin/sh
# Makes the secret files of compose.yaml. What is there stays as it is; a file that was removed is
# made anew, and up.sh brings it to everything that reads it.
set -eu
cd "$(dirname "$0")"
# The folder is closed; the files are not, because containers read them as other users.
mkdir -p secrets backups address
chmod 700 secrets
# The user of the image that writes the dumps, and reads the address.
chown 70:70 backups address
chmod 700 backups address
umask 022

random() {
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n'
}

write() { # write NAME VALUE
    [ -e "secrets/$1" ] && [ "$(cat "secrets/$1")" = "$2" ] || printf '%s' "$2" >"secrets/$1"
}
keep() { # keep NAME VALUE
    [ -e "secrets/$1" ] || printf '%s' "$2" >"secrets/$1"
}

keep postgres_password "$(random)" # of the owner: migrations, dumps
keep portal_password "$(random)"   # of the role that serves
keep admin_password "$(random)"
keep metrics_token "$(random)"
owner=$(cat secrets/postgres_password)
portal=$(cat secrets/portal_password)

users="\"portal\" \"$portal\""
if grep -qsF "postgresql://postgres:$owner@pgbouncer:" secrets/database_url; then
    # Made by an earlier version, whose portals still serve as the owner. The next run takes it out.
    users="$users
\"postgres\" \"$owner\""
    rm secrets/database_url
fi
# Whoever else was given a line, as monitoring.sh does for its own role, keeps it.
others=$(grep -sv -e '^"portal" ' -e '^"postgres" ' -e '^$' secrets/pgbouncer_users || true)
write pgbouncer_users "$users${others:+
$others}"
keep database_url "postgresql://portal:$portal@pgbouncer:5432/claude_training?pgbouncer=true"
keep database_url_unpooled "postgresql://postgres:$owner@db:5432/claude_training"
