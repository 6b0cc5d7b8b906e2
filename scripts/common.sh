# Sourced by the scripts beside it: where the lab of this checkout keeps what it needs.
# shellcheck shell=bash
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # the scripts that source this use it
root=${LAB_CHECKOUT:-$(dirname "$scripts")} # whose program and settings are worked on
room=${LAB_ROOM:-$root/.lab} # ignored by git: state, passphrase, settings of this checkout alone
# set for the CLI, which looks for a home in the user database and not in HOME
export PULUMI_HOME=${PULUMI_HOME:-$HOME/.pulumi}
version() { sed -n "s|.*\"$1\": \"\(.*\)\".*|\1|p" "$(dirname "$scripts")/package.json"; } # NAME: the version that package.json pins
# The CLI is the newest that is a Go module, too; its npm launcher, which has fewer versions, asks for it here.
PULUMI_VERSION=$(sed -n 's|.*github.com/pulumi/pulumi/pkg/v3 v\([0-9.]*\).*|\1|p' "$(dirname "$scripts")/offline/go.mod")
export PULUMI_VERSION
# shellcheck disable=SC2034 # the scripts that source this use it
cli=$PULUMI_HOME/versions/$PULUMI_VERSION/bin/pulumi

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# The room is closed to others, and with it all that is below: a umask for every command would also close what it makes
# in the checkout, and for containers.
mkdir -p "$room"
[ ! -k "$room" ] || die "LAB_ROOM = $room: every user may write there; name a folder of your own"
# With the user change the home and its state: a lab is its user's, root's too.
if [ ! -O "$room" ]; then
  read -r _ _ owner _ < <(ls -ld "$room")
  if [ "$owner" = root ]; then
    die "$room belongs to root, who brought the lab up: go on with sudo, or end it with sudo make destroy and sudo rm -rf $room"
  fi
  die "$room belongs to $owner: run this as $owner, without sudo (Docker lets in who is in its group: sudo usermod -aG docker $owner, and log in again)"
fi
case $(ls -Ld "$room") in
  drwx------*) ;;
  *) chmod go-rwx "$room" && { chmod -R go-rwx "$room/state" "$room"/*.yaml 2>/dev/null || :; } ;; # of an earlier version
esac

# The engine of the current context, for the provider too, which knows no contexts. The client takes a moment to say it, and
# is asked where it may be another than the default one.
if { [ -n "${DOCKER_CONTEXT:-}" ] || { [ -z "${DOCKER_HOST:-}" ] &&
  { [ ! -S /var/run/docker.sock ] || grep -qs '"currentContext"' "${DOCKER_CONFIG:-$HOME/.docker}/config.json"; }; }; } &&
  command -v docker >/dev/null; then
  DOCKER_HOST=$(docker context inspect --format '{{.Endpoints.docker.Host}}') || die "Docker's context cannot be read: choose another with docker context use, or unset DOCKER_CONTEXT"
  export DOCKER_HOST
  unset DOCKER_CONTEXT
fi

# stack_name: the stack that make works on; chosen by setup, or by STACK
stack_name() {
  if [ -n "${STACK:-}" ]; then echo "$STACK"
  elif [ -e "$room/stack" ]; then cat "$room/stack"
  else echo dev; fi
}

# stack_files STACK: sets files to those with the settings of a stack, the later ones win
stack_files() {
  files=("$root/Pulumi.$1.yaml")
  [ -e "${files[0]}" ] || die "there is no stack $1: Pulumi.$1.yaml is missing"
  if [ -e "$room/own.$1.yaml" ]; then files+=("$room/own.$1.yaml"); fi
}
