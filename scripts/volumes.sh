# Sourced by backup and restore: the volumes that hold a lab's data, and the containers that write to them.
# shellcheck shell=bash disable=SC2034,SC2154 # common.sh sets root, and they use what this sets
format="observability-lab backup 1" # first line of the file about, which is in every backup; openBackup.ts knows it
always=(prometheus grafana pushgateway) # what every lab has
lab='' # name of the lab, as find_lab finds it
parts=() # of that lab
well_known_key=SW2YcwTIb9zpOOhoPsMm # of a Grafana that nobody gave one, in its conf/defaults.ini
keys=$room/grafana-keys # what the secrets in backups are encrypted under; a backup itself is useless to a thief

# find_lab: sets the name and the parts of the lab that is up
find_lab() {
  lab=$("$root/scripts/pulumi" stack output labName 2>/dev/null) || return
  parts=("${always[@]}")
  if "$root/scripts/pulumi" stack output alertmanagerUrl >/dev/null 2>&1; then parts+=(alertmanager); fi
}

container() { echo "${lab%observability-lab}$1"; } # PART

# sha256 ARGUMENT...: macOS has the other program
sha256() { if command -v sha256sum >/dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi; }

# has_parts: whether every part has its container and its volume
has_parts() {
  local part
  for part in "${parts[@]}"; do
    docker container inspect "$(container "$part")" >/dev/null 2>&1 || return
    docker volume inspect "$lab-$part" >/dev/null 2>&1 || return
  done
}

# in_volume PART SCRIPT [ARGUMENT]: runs a shell script on the part's volume at /data, in the shell of the part's own
# image, as root for the owners of the files, and with nothing else in reach
in_volume() {
  local image
  image=$(docker inspect --format '{{.Image}}' "$(container "${1%-key}")")
  docker run --rm --interactive --network none --read-only --user 0:0 --security-opt no-new-privileges \
    --cap-drop ALL --cap-add CHOWN --cap-add DAC_OVERRIDE --cap-add FOWNER \
    --volume "$lab-$1:/data" --entrypoint sh "$image" -euc "$2" sh "${@:3}"
}

# fingerprint KEY: names a key without giving it away, as keyFingerprint of lib/docker/grafanaKey.ts does
fingerprint() { printf %s "$1" | sha256 - | cut -c1-16; }

# has_key: whether the lab's Grafana was made with a key; one of an earlier version was not
has_key() { docker inspect --format '{{range .Mounts}}{{println .Destination}}{{end}}' "$(container grafana)" | grep -qx /lab-key; }

# grafana_key: what the lab's Grafana encrypts secrets under
grafana_key() {
  if has_key; then docker cp "$(container grafana):/lab-key/secret_key" - | tar -xOf -
  else printf %s "$well_known_key"; fi
}

# saved_key FINGERPRINT: a key of save_key
saved_key() {
  local key
  [ -f "$keys/$1" ] || return
  key=$(cat "$keys/$1")
  [ "$(fingerprint "$key")" = "$1" ] && printf %s "$key"
}

# save_key KEY: keeps it in this checkout, where only its owner may read it
save_key() {
  local file
  file=$keys/$(fingerprint "$1")
  [ "$1" = "$well_known_key" ] || [ -e "$file" ] || (umask 077 && mkdir -p "$keys" && printf '%s\n' "$1" >"$file")
}

# put_key KEY: the key that the lab's Grafana has from its next start on
put_key() {
  docker volume create --label "observability-lab.lab=$lab" "$lab-grafana-key" >/dev/null
  printf %s "$1" | in_volume grafana-key 'cat >/data/new; chmod 444 /data/new; mv /data/new /data/secret_key'
}

# renew_data_keys: has Grafana encrypt secrets under its new key, and names the datasources whose secrets it cannot read
renew_data_keys() {
  GRAFANA_URL=$("$root/scripts/pulumi" stack output grafanaUrl) \
    GRAFANA_PASSWORD=$("$root/scripts/pulumi" stack output grafanaAdminPassword --show-secrets) \
    node "$scripts/renew-data-keys.js" >&2
}

# open_backup FILE [FOLDER]: checks a backup and unpacks its members into a folder; prints what is wrong with it
open_backup() { node --require "$(dirname "$scripts")/node_modules/sucrase/register/ts" "$scripts/openBackup.ts" "$@"; }

# plain_path FILE: the path, so that no command takes it for an option
plain_path() { case $1 in -*) echo "./$1" ;; *) echo "$1" ;; esac }

stopped=() # containers to be started again

stop_part() {
  local name
  name=$(container "$1")
  case $(docker inspect --format '{{.State.Status}}' "$name") in
    running | restarting)
      stopped+=("$name")
      docker stop -t 30 "$name" >/dev/null
      ;;
  esac
}

start_stopped() {
  [ ${#stopped[@]} = 0 ] || docker start "${stopped[@]}" >/dev/null
  stopped=()
}

# wait_healthy PART...: until each answers; fails once a program has ended twice, or after a minute
wait_healthy() {
  local part health restarts i
  for part in "$@"; do
    for i in $(seq 120); do
      read -r health restarts < <(docker inspect --format '{{.State.Health.Status}} {{.RestartCount}}' "$(container "$part")")
      [ "$health" != healthy ] || continue 2
      [ "$restarts" -lt 2 ] || break
      sleep 0.5
    done
    say "$(container "$part") does not get healthy; its last lines:"
    docker logs --tail 5 "$(container "$part")" >&2
    return 1
  done
}
