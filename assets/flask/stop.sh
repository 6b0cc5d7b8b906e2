# Ends the app that this start began, and no other process.
# LAB: the lab's name. PULUMI_COMMAND_STDOUT: "PID TOKEN" as start.sh printed it; without it,
# the record in the lab's folder says the same.
# shellcheck shell=sh disable=SC2154 # process.sh, which comes before, sets folder

token=$(recorded instance)
# shellcheck disable=SC2086 # two words on purpose
set -- ${PULUMI_COMMAND_STDOUT:-$(recorded pid) $token}
[ $# -eq 2 ] || set -- '' ''
end_process "$1" "$2"

# A newer start's files are not this one's to remove.
if [ -z "$token" ] || [ "$token" = "$2" ]; then
  rm -f "$folder/record.json" "$folder/app.log" "$folder/app.py"
fi
