#!/bin/sh
# Print the alert rules of ../observability as the Prometheus Operator takes them:
#   deploy/kubernetes/alerts.sh | kubectl -n portal apply -f -
# Where Prometheus selects rules by a label (`ruleSelector`), give it: alerts.sh release=NAME
set -eu
rules=$(dirname "$0")/../observability/alerts.yml
[ -r "$rules" ] || {
    echo "$rules is not there: run this where the whole deploy folder is." >&2
    exit 1
}
cat <<HEAD
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: portal
  labels:
    app.kubernetes.io/name: portal
HEAD
for label; do
    printf '    "%s": "%s"\n' "${label%%=*}" "${label#*=}"
done
echo spec:
sed 's/^/  /' "$rules"
