#!/bin/sh
# Starts the server on the paths and settings of the environment, in this process so that it gets the signals.
set -eu

# GF_NAME__FILE names the file that holds GF_NAME, for secrets that no environment should show.
for name in $(env | sed -n 's/^\(GF_[A-Za-z0-9_]*\)__FILE=..*/\1/p'); do
  file='' value=''
  eval "file=\$${name}__FILE value=\${$name:-}"
  if [ -n "$value" ]; then
    echo "run.sh: set $name or ${name}__FILE, not both" >&2
    exit 1
  fi
  value=$(cat "$file")
  export "$name=$value"
  unset "${name}__FILE"
done

exec grafana server --homepath="$GF_PATHS_HOME" --config="$GF_PATHS_CONFIG" --packaging=docker "$@" \
  cfg:default.log.mode=console \
  cfg:default.paths.data="$GF_PATHS_DATA" \
  cfg:default.paths.logs="$GF_PATHS_LOGS" \
  cfg:default.paths.plugins="$GF_PATHS_PLUGINS" \
  cfg:default.paths.provisioning="$GF_PATHS_PROVISIONING"
