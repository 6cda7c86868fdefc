#!/bin/bash
# Tells CloudWatch how much of each pool is used, in percent, as a program of this machine has measured it. A pool of which that says nothing is left out: then
# AWS knows no number for that minute, and lets members be by it.
set -uo pipefail

# An error, and so kept in the journal, unlike what systemd says of each minute.
fails() {
  echo "<3>$1: ${said##*$'\n'}"
  exit 1
}

said=$("$PROGRAM" 2>&1) || fails "how much of the pools is used is not known"
data=()
while read -r pool percent; do
  [ -z "$pool" ] || data+=("MetricName=$METRIC,Dimensions=[{Name=$DIMENSION,Value=$pool}],Unit=$UNIT,Value=$percent")
done <<<"$said"
[ ${#data[@]} -gt 0 ] || exit 0
said=$(AWS_RETRY_MODE=standard AWS_MAX_ATTEMPTS=2 aws cloudwatch put-metric-data --region "$REGION" --namespace "$NAMESPACE" \
  --cli-connect-timeout 10 --cli-read-timeout 10 --metric-data "${data[@]}" 2>&1) || fails "CloudWatch did not take how much of the pools is used"
