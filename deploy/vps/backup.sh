#!/bin/sh
# A dump a day at BACKUP_HOUR_UTC, kept for BACKUP_KEEP_DAYS days. A dump gets its name only when it
# is complete and readable; older ones go only after a new one has succeeded.
# With the argument `now`: one dump at once.
# The service `portal` is in the file that the portal has written; see compose.yaml.
set -eu

dump() {
    file="/backups/portal-$(date -u +%Y%m%dT%H%M%SZ).dump"
    if pg_dump --format=custom --file="$file.part" --dbname=service=portal \
        && pg_restore --list "$file.part" >/dev/null && mv "$file.part" "$file"; then
        echo "[backup] wrote $file"
        find /backups -name 'portal-*' -mtime "+$BACKUP_KEEP_DAYS" -delete
    else
        rm -f "$file.part"
        echo "[backup] failed" >&2
        return 1
    fi
}

if [ "${1:-}" = now ]; then
    dump
    exit
fi
# A shell that waits for a program in the foreground hears no signal.
trap exit TERM INT
while true; do
    now=$(date +%s)
    sleep $((86400 - (now - BACKUP_HOUR_UTC * 3600) % 86400)) &
    wait $!
    dump || true
done
