# Sourced by the scripts in this folder: the folder LAB_STATE_DIR, the CLI and the Docker daemon of this checkout's lab.
# shellcheck shell=bash
unset CDPATH # with it, cd may enter another folder, and prints its path
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
home=$(dirname "$scripts") # the checkout with these scripts
# shellcheck disable=SC2034 # used by the scripts that source this
root=${LAB_CHECKOUT:-$home} # the checkout with the program and the settings
state_dir=${LAB_STATE_DIR:-$root/.lab} # ignored by git: Pulumi state, passphrase, settings of this checkout only
[ -n "${HOME:-}" ] || { unset HOME; HOME=~; export HOME; } # a service of systemd has none: that of the user database
# the CLI takes the home directory from the user database instead of HOME
export PULUMI_HOME=${PULUMI_HOME:-$HOME/.pulumi}
# NAME: version in package.json, by sed as every start of node would delay the commands of a lab that is complete
version() { sed -n "s|.*\"$1\": \"\(.*\)\".*|\1|p" "$home/package.json"; }
# The newest CLI that is also a Go module; the npm launcher, which has fewer versions, reads this variable.
PULUMI_VERSION=$(sed -n 's|.*github.com/pulumi/pulumi/pkg/v3 v\([0-9.]*\).*|\1|p' "$home/offline/go.mod")
export PULUMI_VERSION
# shellcheck disable=SC2034 # used by the scripts that source this
cli=$PULUMI_HOME/versions/$PULUMI_VERSION/bin/pulumi

# Node sends requests through a proxy if NODE_USE_ENV_PROXY is set: those to the lab have its passwords
no_proxy=${no_proxy:-}${NO_PROXY:+${no_proxy:+,}$NO_PROXY}
case ,$no_proxy, in *,'*',*) no_proxy='*' ;; *) no_proxy=${no_proxy:+$no_proxy,}127.0.0.1,localhost ;; esac
export no_proxy NO_PROXY=$no_proxy

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
# exec_ts FILE [ARGUMENT...]: continues as a TypeScript program
exec_ts() {
  [ -e "$home/node_modules/sucrase" ] || die "npm packages are missing: run make setup"
  exec node --require "$home/lib/runtime/stripTypes.js" "$@"
}

# Only its user can enter LAB_STATE_DIR and everything below it. A umask for all commands would also restrict the
# files that they create in the checkout and for containers.
mkdir -p "$state_dir"
[ ! -k "$state_dir" ] || die "LAB_STATE_DIR = $state_dir: every user may write there; set a folder that only you can write to"
# Another user has another home directory and state: each lab, root's too, is managed by its own user only.
if [ ! -O "$state_dir" ]; then
  read -r _ _ owner _ < <(ls -ld "$state_dir")
  if [ "$owner" = root ]; then
    die "$state_dir belongs to root, who brought the lab up: keep using sudo, or remove the lab with sudo make destroy and sudo rm -rf $state_dir"
  fi
  die "$state_dir belongs to $owner: run this as $owner, without sudo (to use Docker, $owner must be in its group: sudo usermod -aG docker $owner, then log in again)"
fi
case $(ls -lLd "$state_dir") in
  drwx------*) ;;
  *) chmod go-rwx "$state_dir" && { chmod -R go-rwx "$state_dir/state" "$state_dir"/*.yaml 2>/dev/null || :; } ;; # made by an earlier version
esac

# The Docker daemon of the current context, also for the provider, which does not support contexts. Asking the client, or
# parsing its settings, takes time, so it happens only if the context may not be the default one.
if { [ -n "${DOCKER_CONTEXT:-}" ] || { [ -z "${DOCKER_HOST:-}" ] &&
  { [ ! -S /var/run/docker.sock ] || grep -qs '"currentContext"' "${DOCKER_CONFIG:-$HOME/.docker}/config.json"; }; }; } &&
  command -v docker >/dev/null; then
  DOCKER_HOST=$(docker context inspect --format '{{.Endpoints.docker.Host}}') || die "Docker's context cannot be read: choose another with docker context use, or unset DOCKER_CONTEXT"
  export DOCKER_HOST
  unset DOCKER_CONTEXT
fi

# stack_name: the stack for make, chosen by setup or by STACK
stack_name() {
  if [ -n "${STACK:-}" ]; then echo "$STACK"
  elif [ -s "$state_dir/stack" ]; then cat "$state_dir/stack"
  else echo dev; fi
}

# stack_files STACK: sets files to the stack's settings files; later ones override earlier ones
stack_files() {
  files=("$root/Pulumi.$1.yaml")
  [ -e "${files[0]}" ] || die "there is no stack $1: Pulumi.$1.yaml is missing"
  if [ -e "$state_dir/own.$1.yaml" ]; then files+=("$state_dir/own.$1.yaml"); fi
}
