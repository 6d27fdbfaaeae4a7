#!/bin/sh
# Without arguments the container serves. A program is run as it is; anything else is a portal
# command. exec: the program becomes process 1 and gets the signals of `docker stop` itself.
set -eu
if [ "$#" -eq 0 ]; then
    set -- portal serve
elif ! command -v "$1" >/dev/null 2>&1; then
    set -- portal "$@"
fi
exec "$@"
