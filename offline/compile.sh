# Sourced by build: compiles parts, and says how far that is.
# shellcheck shell=bash disable=SC2154 # build sets here and out
# shellcheck source=offline/go.sh
. "$here/go.sh"

# What the module of this folder builds for each part; the others have a module or a script of their own.
declare -A packages=(
  [language-nodejs]=./language-nodejs
  [resource-command]=./resource-command
  [resource-docker]=./resource-docker
  [resource-grafana]=./resource-grafana
  [cadvisor]=./cadvisor
  [pulumi]=github.com/pulumi/pulumi/pkg/v3/cmd/pulumi
  [node-exporter]=github.com/prometheus/node_exporter
  [pushgateway]=github.com/prometheus/pushgateway
  [prometheus]='github.com/prometheus/prometheus/cmd/prometheus github.com/prometheus/prometheus/cmd/promtool'
)

# pin MODULE: its version in go.mod, without the v
pin() { sed -n "s|^\(require \)\?\s*$1 v\([^ ]*\).*|\2|p" "$here/go.mod"; }

# stamp PROGRAM VARIABLE VERSION: what it answers when asked for its version
stamp() { link+=("-ldflags=$1=-s -w -X $2=$3"); }

link_flags() {
  local common=github.com/prometheus/common/version.Version
  link=(-ldflags=all='-s -w')
  stamp "${packages[pulumi]}" github.com/pulumi/pulumi/sdk/v3/go/common/version.Version "v$(pin github.com/pulumi/pulumi/pkg/v3)"
  stamp "${packages[node-exporter]}" "$common" "$(pin github.com/prometheus/node_exporter)"
  stamp "${packages[pushgateway]}" "$common" "$(pin github.com/prometheus/pushgateway)"
  # its module is 0.314.0 where the program is 3.14.0
  stamp github.com/prometheus/prometheus/cmd/... "$common" "$(pin github.com/prometheus/prometheus | sed 's/^0\.3/3./')"
}

# inputs PART: changes when the part has to be compiled again
inputs() {
  {
    cat "$here/go.sh" "$here/compile.sh"
    [ -z "${packages[$1]-}" ] || cat "$here"/go.{mod,sum}
    [ ! -d "$here/$1" ] || cat "$here/$1"/*
    go env GOVERSION GOOS GOARCH
  } | sha256sum
}

is_built() { [ "$(cat "$out/$1/inputs" 2>/dev/null)" = "$(inputs "$1")" ]; }

# keep PART: what was built is what the part is from now on
keep() {
  inputs "$1" >"$out/$1.new/inputs"
  rm -rf "${out:?}/$1" && mv "$out/$1.new" "$out/$1"
}

# build_together PART...: those of this folder's module, by one command, which keeps every core busy to the end
build_together() {
  local part package programs=$out/programs.new
  local -a link wanted packages_of
  for part; do
    read -ra packages_of <<<"${packages[$part]}"
    wanted+=("${packages_of[@]}")
  done
  link_flags
  (cd "$here" && CGO_ENABLED=0 go_build "$programs" -tags "$tags" "${link[@]}" "${wanted[@]}")
  for part; do
    mkdir -p "$out/$part.new/root/bin"
    for package in ${packages[$part]}; do mv "$programs/${package##*/}" "$out/$part.new/root/bin/"; done
    keep "$part"
  done
}

# build_alone PART...: each by its script or from its module, one after the other
build_alone() {
  local part
  for part; do
    mkdir -p "$out/$part.new/root/bin"
    {
      [ "$part" != grafana ] || need_packages # a C compiler
      if [ -x "$here/$part/build" ]; then
        "$here/$part/build" "$out/$part.new/root"
      else
        (cd "$here/$part" && CGO_ENABLED=0 go_build "$out/$part.new/root/bin" -tags "$tags" -ldflags '-s -w' .)
      fi
      keep "$part"
    } >"$out/$part.log" 2>&1
  done
}

# compile PART...: leaves each in $out/PART/root, laid out as in an image
compile() {
  local part log start=$SECONDS
  local -a together=() alone=() logs=()
  for part; do
    if is_built "$part"; then printf '%-20sunchanged\n' "$part"
    elif [ -n "${packages[$part]-}" ]; then together+=("$part")
    else alone+=("$part"); fi
  done
  [ $((${#together[@]} + ${#alone[@]})) -gt 0 ] || return 0
  echo compiling "${together[@]}" "${alone[@]}"
  logs=(programs.log "${alone[@]/%/.log}")
  logs=("${logs[@]/#/$out/}")
  rm -f "${logs[@]}"
  set -m # a process group each, which the end of this script ends
  if [ ${#together[@]} -gt 0 ]; then build_together "${together[@]}" >"$out/programs.log" 2>&1 & fi
  if [ ${#alone[@]} -gt 0 ]; then build_alone "${alone[@]}" & fi
  set +m
  show_progress "${logs[@]}"
  for part in "${together[@]}" "${alone[@]}"; do
    is_built "$part" && continue
    log=$out/$part.log
    [ -z "${packages[$part]-}" ] || log=$out/programs.log
    tail -n 5 "$log" >&2
    die "compilation failed: see $log; the next run continues from here"
  done
  echo "compiled in $((SECONDS - start)) s"
}

# show_progress LOG...: says how far the commands in the background are, in place on a terminal, else every 30 s
show_progress() {
  local start=$SECONDS
  while [ -n "$(jobs -rp)" ]; do
    sleep 1
    if [ -t 1 ]; then
      printf '\r%s\033[K' "$(progress $((SECONDS - start)) "$@")"
    elif [ $(((SECONDS - start) % 30)) = 29 ]; then
      progress $((SECONDS - start)) "$@"
    fi
  done
  [ ! -t 1 ] || printf '\r\033[K'
}

# progress SECONDS LOG...: of what go_build wrote there; a part that has not begun has none
progress() {
  { cat "${@:2}" 2>/dev/null || :; } | awk -v seconds="$1" '
    / to compile, / { counted = 1; all += $1; before += $4 }
    NF == 1 { compiled++ }
    END {
      if (!counted) { print "downloading modules"; exit }
      if (compiled >= all) { print "linking"; exit }
      printf "%d of %d packages compiled", compiled, all
      if (before > 0) printf ", %d were before", before
      if (compiled > 50) printf ", about %d min left", seconds * (all - compiled) / compiled / 60 + 1
      print ""
    }'
}
