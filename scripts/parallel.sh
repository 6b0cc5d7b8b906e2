# Sourced by setup: runs commands beside each other, and says in a line how each ended.
# One that fails ends the others and the script; so does Ctrl-C.
# shellcheck shell=bash disable=SC2154 # common.sh, which comes before, sets room
logs=$room/setup # a file each, with all that it printed
parts=()         # "PID SECONDS NAME" of those that run
shown=           # the one that shows its own progress
said_at=$SECONDS # when something was last said of those that run

on_terminal() { [ -t 2 ]; }
clear_line() { if on_terminal; then printf '\r\033[K' >&2; fi; } # which is written in place

log_of() { echo "$logs/${1// /-}.log"; }

# start NAME COMMAND...: what it prints goes into its log
start() { begin "$@" >"$(log_of "$1")" 2>&1; }

# start_shown NAME COMMAND...: what it prints is shown
start_shown() {
  shown=$1
  begin "$@"
}

# In a process group of its own, so that all it starts ends with it. As stdin it has nothing.
begin() {
  set -m
  # it outlives what it started, which would else be left to the machine's first process
  (set +m; trap 'exit 130' INT TERM; "${@:2}") </dev/null &
  set +m
  parts+=("$! $SECONDS $1")
}

# finish NAME...: waits for these; one that does not run needs none
finish() {
  local name
  for name; do
    while runs "$name"; do
      sleep 0.3
      reap
      report
    done
  done
  clear_line
}

runs() {
  local part
  for part in ${parts[@]+"${parts[@]}"}; do
    if [ "${part#* * }" = "$1" ]; then return 0; fi
  done
  return 1
}

# Takes those that have ended out of the list.
reap() {
  local pid since name part log
  local -a rest=()
  for part in "${parts[@]}"; do
    read -r pid since name <<<"$part"
    if kill -0 "$pid" 2>/dev/null; then
      rest+=("$part")
    elif wait "$pid"; then
      clear_line
      # what comes next says how a question was answered, and what was shown how it ended
      case $name in 'an answer'* | building*) ;; *) say "$name: done in $((SECONDS - since)) s" ;; esac
    else
      clear_line
      say "$name: failed after $((SECONDS - since)) s"
      log=$(log_of "$name")
      if [ -s "$log" ]; then tail -n 20 "$log" >&2; say "all of it: $log"; fi
      exit 1
    fi
  done
  parts=(${rest[@]+"${rest[@]}"})
}

# What is waited for, unless one shows its own progress: in place on a terminal, elsewhere a line every 30 s.
report() {
  local since name part names=
  if [ ${#parts[@]} = 0 ] || runs "$shown"; then return; fi
  if ! on_terminal && [ $((SECONDS - said_at)) -lt 30 ]; then return; fi
  said_at=$SECONDS
  for part in "${parts[@]}"; do
    read -r _ since name <<<"$part"
    names+=${names:+, }"$name ($((SECONDS - since)) s)"
  done
  if on_terminal; then printf '\r\033[K%s' "waiting for $names" >&2; else say "waiting for $names"; fi
}

# Ends those that run: by what Ctrl-C sends, as Go and apt-get then leave things whole, then without asking.
end_parts() {
  local tenths
  if [ ${#parts[@]} = 0 ]; then return; fi
  trap '' INT TERM HUP
  signal_parts INT
  for tenths in $(seq 200); do
    if ! any_lives; then return; fi
    # what was started in the background of a script does not hear of Ctrl-C
    if [ "$tenths" = 30 ]; then signal_parts TERM; fi
    sleep 0.1
  done
  signal_parts KILL
}

signal_parts() {
  local part
  for part in ${parts[@]+"${parts[@]}"}; do
    # a package half installed is worth 20 s
    if [ "$1 ${part#* * }" = "TERM Docker" ]; then continue; fi
    kill -s "$1" -- "-${part%% *}" 2>/dev/null || :
  done
}

any_lives() {
  local part
  for part in ${parts[@]+"${parts[@]}"}; do
    if kill -0 -- "-${part%% *}" 2>/dev/null; then return 0; fi
  done
  return 1
}

trap end_parts EXIT
trap 'clear_line; say interrupted; exit 130' INT TERM HUP
