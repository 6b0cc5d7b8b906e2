# Starts the app whose text is on stdin, detached, and prints "PID TOKEN" once it answers.
# LAB: the lab's name. LISTEN: addresses as the app takes them, separated by spaces. HEALTH: the address to ask.
# START: the text of start.py.
# shellcheck shell=sh disable=SC2154 # process.sh, which comes before, sets folder

: "${LISTEN:?}" "${HEALTH:?}" "${START:?}"
python=$folder/venv/bin/python
[ -x "$python" ] || fail "no working virtual environment in $folder/venv: run 'make up' to install it"

end_all
rm -f "$folder/record.json"
cat >"$folder/app.py"
[ -s "$folder/app.py" ] || fail "no app on stdin"

export LAB LISTEN HEALTH
exec "$python" -I - "$folder" <<PY
$START
PY
