#!/bin/sh
# Makes the secret files of compose.yaml, once. What is there stays as it is: PostgreSQL keeps the
# password that it was first started with.
set -eu
cd "$(dirname "$0")"
# The folder is closed; the files are not, because containers read them as other users.
mkdir -p secrets backups address
chmod 700 secrets
# The user of the image that writes the dumps, and reads the address.
chown 70:70 backups address
chmod 700 backups address

random() {
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n'
}

keep() { # keep NAME VALUE
    [ -e "secrets/$1" ] || printf '%s' "$2" >"secrets/$1"
}

umask 022
keep postgres_password "$(random)"
password=$(cat secrets/postgres_password)
keep pgbouncer_users "\"postgres\" \"$password\""
keep database_url "postgresql://postgres:$password@pgbouncer:5432/claude_training?pgbouncer=true"
keep database_url_unpooled "postgresql://postgres:$password@db:5432/claude_training"
keep admin_password "$(random)"
keep metrics_token "$(random)"
