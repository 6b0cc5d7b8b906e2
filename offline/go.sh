# Sourced: how offline/ compiles Go, for scripts/lint and scripts/audit, too.
# shellcheck shell=bash disable=SC2034
# Upstream's own tags for code that the lab cannot reach: Compose in the Docker provider, Prometheus' discoveries but DNS
# and Docker, Google's storage by gRPC in the CLI, which asks it by HTTP.
# netgo and osusergo are what a build without cgo does anyway: Grafana, which takes it, shares the standard library.
tags=netgo,osusergo,no_compose,remove_all_sd,enable_dns_sd,enable_moby_sd,disable_grpc_modules

export GOWORK=off # whatever folder a module lies in
# alike everywhere, outside a checkout too, and without the debugging information that linking drops
export GOFLAGS="-buildvcs=false -trimpath -gcflags=all=-dwarf=false"

# go_build FOLDER ARGUMENT...: leaves the programs there; it says first how many packages that takes, and then each. Of a
# program that is only linked again Go says nothing, so they do not count.
go_build() {
  go list -deps -f '{{if ne .Name "main"}}{{.Stale}}{{end}}' "${@:2}" |
    awk '{ count[$1]++ } END { print count["true"] + 0, "to compile,", count["false"] + 0, "compiled before" }'
  go build -v -o "$1/" "${@:2}"
}
