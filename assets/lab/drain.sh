# Removes a lab's services from its swarm and, once their tasks have ended on every node, their network.
# LAB: the lab's name. LABEL: the label of its parts. NETWORK: the network's name.
# shellcheck shell=sh
set -eu

: "${LAB:?}" "${LABEL:?}" "${NETWORK:?}"
there() { docker network inspect "$NETWORK" >/dev/null 2>&1; }

# Only a manager knows services.
if [ "$(docker info --format '{{.Swarm.ControlAvailable}}')" = true ]; then
  services=$(docker service ls --quiet --filter "label=$LABEL=$LAB")
  for id in $services; do docker service rm "$id" >/dev/null; done
fi
tries=0
# gone from the swarm is not yet gone from this engine, which would mislead who looks for it next
until said=$(docker network rm "$NETWORK" 2>&1) && ! there; do
  there || exit 0
  tries=$((tries + 1))
  [ "$tries" -lt 60 ] || { printf '%s\n' "$said" >&2; exit 1; }
  sleep 0.5
done
