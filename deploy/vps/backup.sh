#!/bin/sh
# A dump a day at BACKUP_HOUR_UTC, kept for BACKUP_KEEP_DAYS days. A dump gets its name only when it
# is complete and readable; older ones go only after a new one has succeeded.
# With the argument `now`: one dump at once.
# When there was one is written to /metrics, for node_exporter, if that folder is there.
# The service `portal` is in the file that the portal has written; see compose.yaml.
set -eu

# Since when there should be dumps, and when the newest one was made.
report() {
    [ -d /metrics ] || return 0
    metrics=/metrics/portal_backup.prom
    since=$(sed -n 's/^portal_backup_since_timestamp_seconds //p' "$metrics" 2>/dev/null || true)
    newest=
    for each in /backups/portal-*.dump; do
        [ -e "$each" ] && newest=$each # their names begin with their dates
    done
    {
        echo "# TYPE portal_backup_since_timestamp_seconds gauge"
        echo "portal_backup_since_timestamp_seconds ${since:-$(date +%s)}"
        if [ -n "$newest" ]; then
            echo "# TYPE portal_backup_last_success_timestamp_seconds gauge"
            echo "portal_backup_last_success_timestamp_seconds $(date -r "$newest" +%s)"
        fi
    } >"$metrics.part" && mv "$metrics.part" "$metrics" || echo "[backup] /metrics cannot be written" >&2
}

dump() {
    file="/backups/portal-$(date -u +%Y%m%dT%H%M%SZ).dump"
    if pg_dump --format=custom --file="$file.part" --dbname=service=portal \
        && pg_restore --list "$file.part" >/dev/null && mv "$file.part" "$file"; then
        echo "[backup] wrote $file"
        find /backups -name 'portal-*' -mtime "+$BACKUP_KEEP_DAYS" -delete
        report
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
report
# A shell that waits for a program in the foreground hears no signal.
trap exit TERM INT
while true; do
    now=$(date +%s)
    sleep $((86400 - (now - BACKUP_HOUR_UTC * 3600) % 86400)) &
    wait $!
    dump || true
done
