# Sourced by setup: runs commands in parallel and prints a line with the result of each.
# A failed command ends the others and the script, as does Ctrl-C.
# shellcheck shell=bash disable=SC2154 # state_dir is set by common.sh, which is sourced first
logs=$state_dir/setup # one log file per command
parts=()         # "PID SECONDS NAME" of the running commands
shown=           # name of the command that shows its own progress
said_at=$SECONDS # time of the last progress message

on_terminal() { [ -t 2 ]; }
clear_line() { if on_terminal; then printf '\r\033[K' >&2; fi; } # the progress line

log_of() { echo "$logs/${1// /-}.log"; }

# start NAME COMMAND...: output goes to a log file
start() { begin "$@" >"$(log_of "$1")" 2>&1; }

# start_shown NAME COMMAND...: output is shown
start_shown() {
  shown=$1
  begin "$@"
}

# In its own process group, so that its children can be signalled too, and without stdin.
begin() {
  set -m
  # the subshell outlives its children, which would otherwise be reparented to process 1
  (set +m; trap 'exit 130' INT TERM; "${@:2}") </dev/null &
  set +m
  parts+=("$! $SECONDS $1")
}

# finish NAME...: waits for these commands, if they are running
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

# Removes ended commands from the list.
reap() {
  local pid since name part log
  local -a rest=()
  for part in "${parts[@]}"; do
    read -r pid since name <<<"$part"
    if kill -0 "$pid" 2>/dev/null; then
      rest+=("$part")
    elif wait "$pid"; then
      clear_line
      # for these two, the next message or their own progress shows the result
      case $name in 'a response'* | building*) ;; *) say "$name: done in $((SECONDS - since)) s" ;; esac
    else
      clear_line
      say "$name: failed after $((SECONDS - since)) s"
      log=$(log_of "$name")
      if [ -s "$log" ]; then tail -n 20 "$log" >&2; say "full log: $log"; fi
      exit 1
    fi
  done
  parts=(${rest[@]+"${rest[@]}"})
}

# Progress, unless a command shows its own: in place on a terminal, otherwise a line every 30 s.
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

# Ends the running commands: first as Ctrl-C does, on which Go and apt-get exit cleanly, finally with SIGKILL.
end_parts() {
  local tenths
  if [ ${#parts[@]} = 0 ]; then return; fi
  trap '' INT TERM HUP
  signal_parts INT
  for tenths in $(seq 200); do
    if ! any_lives; then return; fi
    # background processes of a script ignore SIGINT
    if [ "$tenths" = 30 ]; then signal_parts TERM; fi
    sleep 0.1
  done
  signal_parts KILL
}

signal_parts() {
  local part
  for part in ${parts[@]+"${parts[@]}"}; do
    # up to 20 s are better than a half-installed package
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
