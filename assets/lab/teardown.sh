# Removes what is left of a lab on this machine: the app's processes, what carries the lab's label, its folder.
# LAB: the lab's name. LABEL: the label of its parts. MANAGER_LABEL: that of the node that runs the lab, by its id, on
# what a whole swarm has: there, other managers may run labs of the same name.
# KEEP: names of volumes that stay, separated by spaces. GRACEFUL: not empty lets programs write their last data.
# shellcheck shell=sh disable=SC2154 # process.sh, which comes before, sets folder

: "${LABEL:?}" "${MANAGER_LABEL:?}"
# labelled KIND OPTION...: lists those of a kind
labelled() {
  kind=$1
  shift
  docker "$kind" ls --filter "label=$LABEL=$LAB" "$@"
}

# remove KIND NAMES OPTION...: all of them in one call, if any
remove() {
  kind=$1 names=$2
  shift 2
  # shellcheck disable=SC2086 # one word for each
  [ -z "$names" ] || docker "$kind" rm "$@" $names >/dev/null
}

remove_containers() {
  # first into a variable: a failure in an argument would be missed; tasks of a swarm end with their service
  containers=$(labelled container --all --format '{{if not (.Label "com.docker.swarm.task.id")}}{{.ID}}{{end}}')
  # all of them side by side, with 10 s to leave; what does not stop is killed
  # shellcheck disable=SC2086 # one word for each
  [ -z "$containers" ] || [ -z "${GRACEFUL:-}" ] || docker container stop $containers >/dev/null 2>&1 || :
  remove container "$containers" --force --volumes
}
remove_containers &
containers=$!
# only a manager of a swarm knows services, and they would start their tasks again
manager=$(docker info --format '{{.Swarm.ControlAvailable}}')
# without Docker the lab stays whole
lab=${folder%/*}
{ end_all; rm -rf "${lab:?}"; } &
host=$!
if [ "$manager" = true ]; then
  own="label=$MANAGER_LABEL=$(docker info --format '{{.Swarm.NodeID}}')"
  services=$(labelled service --quiet --filter "$own")
  remove service "$services"
fi
volumes=$(labelled volume --quiet)
wait "$containers"

# containers of others that have joined a network would keep it
release_guests() {
  local_networks=$(labelled network --quiet --filter scope=local)
  # shellcheck disable=SC2086 # one word for each
  [ -z "$local_networks" ] || docker network inspect $local_networks \
    --format '{{$network := .Id}}{{range $id, $_ := .Containers}}{{$network}} {{$id}}{{"\n"}}{{end}}' |
    while read -r id guest; do [ -z "$guest" ] || docker network disconnect --force "$id" "$guest"; done
}
sweep_networks() {
  release_guests
  tries=0 output=''
  # a swarm's network is in use until every node has ended its tasks
  until networks=$(networks) && output=$(remove network "$networks" 2>&1); do
    tries=$((tries + 1))
    { [ "$manager" = true ] && [ "$tries" -lt 60 ]; } || fail "$output"
    sleep 0.5
  done
}
networks() {
  labelled network --quiet --filter scope=local
  if [ "$manager" = true ]; then labelled network --quiet --filter scope=swarm --filter "$own"; fi
}
sweep_networks &
network=$!
gone='' kept=''
for name in $volumes; do
  case " ${KEEP:-} " in
    *" $name "*) kept="$kept $name" ;;
    *) gone="$gone $name" ;;
  esac
done
remove volume "$gone"
wait "$network"
wait "$host"
# Another lab's files keep this.
rmdir "${lab%/*}" 2>/dev/null || :
[ -z "$kept" ] || echo "kept, and found again by the next up:$kept (docker volume rm removes them)"
