# Comes before start.sh and stop.sh: the lab's folder, and how its process is known and ended.
# LAB: the lab's name.
# shellcheck shell=sh
set -eu
umask 077

fail() { printf '%s\n' "$@" >&2; exit 1; }
case ${LAB:?} in *[!A-Za-z0-9._-]* | .*) fail "LAB '$LAB': only letters, digits, '.', '_', '-'" ;; esac
folder=${XDG_STATE_HOME:-${HOME:?}/.local/state}/observability-lab/$LAB/flask
user=$(id -u)
start="$(printf %s "$LAB" | sed 's/\./\\./g')-[0-9a-f]\{12\}" # pattern of a start's token

# What the record says of one key.
recorded() {
  sed -n "s/.*\"$1\": *\"\{0,1\}\([A-Za-z0-9._-]*\).*/\1/p" "$folder/record.json" 2>/dev/null || :
}

# Whether process $1 is this very user's: anybody may give a process any arguments, also one of a set-user-id program,
# whose real user is not its effective one.
is_mine() {
  if [ -r /proc/self/status ]; then
    grep -qs "^Uid:[[:space:]]${user}[[:space:]]${user}[[:space:]]${user}[[:space:]]" "/proc/$1/status"
  else
    ps -p "$1" -o ruid= -o uid= 2>/dev/null | grep -q "^ *$user  *$user *$"
  fi
}

# The token that process $1 was started with as this lab's app; nothing for another process.
token_of() {
  if [ -r /proc/self/cmdline ]; then
    # an argument a line, whatever is in it
    { tr '\n\0' ' \n' <"/proc/$1/cmdline"; } 2>/dev/null | sed -n "/^--instance\$/{n;s/^$start\$/&/p;}"
  else
    ps -ww -p "$1" -o args= 2>/dev/null | sed -n "s/^.* --instance \($start\)\( .*\)*\$/\1/p"
  fi | tail -n 1
}

# Whether process $1 is the start $2: a number may by now be a stranger's.
is_ours() { is_mine "$1" && [ "$(token_of "$1")" = "$2" ]; }

# Ends process $1 if it is the start $2: TERM, 5 s to leave, KILL.
end_process() {
  case $1 in '' | *[!0-9]*) return 0 ;; esac
  [ "$(token_of "$1")" = "$2" ] || return 0
  is_mine "$1" || {
    echo "process $1 looks like this lab's app and is another user's: it is left alone; if you started it, such as with sudo, end it as that user" >&2
    return 0
  }
  kill -s TERM "$1" 2>/dev/null || :
  tries=0
  while is_ours "$1" "$2"; do
    tries=$((tries + 1))
    [ "$tries" -ne 50 ] || kill -s KILL "$1" 2>/dev/null || :
    [ "$tries" -lt 60 ] || fail "process $1 ($2) does not end, not even by kill -KILL $1"
    sleep 0.1
  done
}

# Ends every start of this lab's app, also one that no record names.
end_all() {
  for process in $(candidates); do
    is_mine "$process" || continue
    started=$(token_of "$process")
    [ -z "$started" ] || end_process "$process" "$started"
  done
}

# This user's processes that may be starts; those of others are not even listed, as their arguments may look like lines
# of a list, and be many.
candidates() {
  if [ -r /proc/self/cmdline ]; then
    find /proc -maxdepth 1 -name '[0-9]*' -user "$user" 2>/dev/null |
      sed 's|$|/cmdline|' | xargs grep -als -e --instance | sed 's|^/proc/\([0-9]*\)/.*|\1|'
  else
    ps -ww -U "$user" -o pid= -o args= | sed -n 's/^ *\([0-9]*\) .* --instance .*/\1/p'
  fi
}
