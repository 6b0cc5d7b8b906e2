# Removes a lab's services from its swarm and, once their tasks have ended on every node, their network.
# LAB: the lab's name. LABEL: the label of its parts. MANAGER_LABEL: that of the node that runs the lab, by its id.
# NETWORK: the network's name.
# shellcheck shell=sh
set -eu

: "${LAB:?}" "${LABEL:?}" "${MANAGER_LABEL:?}" "${NETWORK:?}"
there() { docker network inspect "$NETWORK" >/dev/null 2>&1; }

node=$(docker info --format '{{.Swarm.NodeID}}')
# own LAB MANAGER: another manager's lab may have this name, too; earlier versions named no manager
own() { [ "${1:-}" = "$LAB" ] && { [ "${2:-$node}" = "$node" ]; }; }
labels="{{index .Labels \"$LABEL\"}} {{index .Labels \"$MANAGER_LABEL\"}}"

# Only a manager knows services.
if [ "$(docker info --format '{{.Swarm.ControlAvailable}}')" = true ]; then
  services=$(docker service ls --quiet --filter "label=$LABEL=$LAB")
  for id in $services; do
    found=$(docker service inspect --format "{{with .Spec}}$labels{{end}}" "$id")
    # shellcheck disable=SC2086 # a word for each label
    if own $found; then docker service rm "$id" >/dev/null; fi
  done
fi
found=$(docker network inspect --format "$labels" "$NETWORK" 2>/dev/null) || exit 0
# shellcheck disable=SC2086
own $found || exit 0
tries=0
# gone from the swarm is not yet gone from this engine, which would mislead who looks for it next
until output=$(docker network rm "$NETWORK" 2>&1) && ! there; do
  there || exit 0
  tries=$((tries + 1))
  [ "$tries" -lt 60 ] || { printf '%s\n' "$output" >&2; exit 1; }
  sleep 0.5
done
