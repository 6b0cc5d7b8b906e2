# Sourced by the scripts beside it, which get a folder with `.env`, machine.yaml, the files of Prometheus and Grafana,
# and dashboards/*.json.
# COMPOSE: the command (docker compose).
# shellcheck shell=bash
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
assets=$here/../../../assets
folder=$1
set -a
# shellcheck source=/dev/null # rendered for a run
. "$folder/.env"
set +a
# shellcheck disable=SC2034 # provision and destroy use it
room=${XDG_STATE_HOME:-$HOME/.local/state}/observability-lab/$LAB

# compose ARGUMENT...: on the five containers
compose() {
  local -a command
  read -ra command <<<"${COMPOSE:-docker compose}"
  "${command[@]}" --project-name "$LAB" --project-directory "$folder" --env-file "$folder/.env" \
    --progress quiet -f "$here/compose.yaml" -f "$folder/machine.yaml" "$@"
}

# app_script NAME: one of the scripts around the Flask app, with what they share before it
app_script() { sh -c "$(cat "$assets/flask/process.sh" "$assets/flask/$1")"; }
