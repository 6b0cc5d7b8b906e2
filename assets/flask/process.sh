# Comes before start.sh and stop.sh: the lab's folder, and how its process is known and ended.
# LAB: the lab's name.
# shellcheck shell=sh
set -eu
umask 077

fail() { printf '%s\n' "$@" >&2; exit 1; }
case ${LAB:?} in *[!A-Za-z0-9._-]* | .*) fail "LAB '$LAB': only letters, digits, '.', '_', '-'" ;; esac
room=${XDG_STATE_HOME:-${HOME:?}/.local/state}/observability-lab/$LAB/flask

# What the record says of one key.
recorded() {
  sed -n "s/.*\"$1\": *\"\{0,1\}\([A-Za-z0-9._-]*\).*/\1/p" "$room/record.json" 2>/dev/null || :
}

# Whether process $1 is the start $2: a number may by now be a stranger's.
is_ours() {
  if [ -r "/proc/$1/cmdline" ]; then
    arguments=$(tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null) || return 1
  else
    arguments=$(ps -ww -p "$1" -o args= 2>/dev/null) || return 1
  fi
  case " $arguments " in *" --instance $2 "*) ;; *) return 1 ;; esac
}

# Ends process $1 if it is the start $2: TERM, 5 s to leave, KILL.
end_process() {
  case $1 in '' | *[!0-9]*) return 0 ;; esac
  is_ours "$1" "$2" || return 0
  kill -s TERM "$1" 2>/dev/null || :
  tries=0
  while is_ours "$1" "$2"; do
    tries=$((tries + 1))
    [ "$tries" -ne 50 ] || kill -s KILL "$1" 2>/dev/null || :
    [ "$tries" -lt 60 ] || fail "process $1 ($2) does not end: is it another user's? End it by hand."
    sleep 0.1
  done
}

# Ends every start of this lab's app, also one that no record names.
end_all() {
  for process in $(starts); do end_process "${process%%:*}" "${process#*:}"; done
}

# "PID:TOKEN" of each start of this lab's app.
starts() {
  if [ -r /proc/self/cmdline ]; then
    # shellcheck disable=SC2013 # no path of /proc has a blank in it
    for file in $(grep -als -e "--instance" /proc/[0-9]*/cmdline); do
      arguments=$({ tr '\0' ' ' <"$file"; } 2>/dev/null) || continue
      pid=${file#/proc/}
      printf '%s %s\n' "${pid%/*}" "$arguments"
    done
  else
    ps -A -ww -o pid= -o args=
  fi | sed -n "s/^ *\([0-9]*\) .* --instance \($(printf %s "$LAB" | sed 's/\./\\./g')-[0-9a-f]\{12\}\)\( .*\)*$/\1:\2/p"
}
