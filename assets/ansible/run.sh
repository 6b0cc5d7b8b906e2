# Runs the playbook, and keeps it so that it can be run again without the checkout.
# LAB: the lab's name. PLAYBOOK: '-' (the playbook is on stdin) or 'kept' (the one of the last
# run). PUSHGATEWAY_URL: where to report; with 'kept' the one of the last run if it is not set.
# PUSHGATEWAY_PASSWORD: of its user admin, if it asks for one; with 'kept' that of the last run.
# NGINX_BINARY: what the playbook looks for (nginx).
# shellcheck shell=sh
set -eu
umask 077

fail() { printf '%s\n' "$@" >&2; exit 1; }
case ${LAB:?} in *[!A-Za-z0-9._-]* | .*) fail "LAB '$LAB': only letters, digits, '.', '_', '-'" ;; esac
folder=${XDG_STATE_HOME:-${HOME:?}/.local/state}/observability-lab/$LAB/ansible
playbook=$folder/monitor_playbook.yml
password=$folder/pushgateway_password
[ -x "$folder/venv/bin/ansible-playbook" ] ||
  fail "no working virtual environment in $folder/venv: run 'make up' to install it"

case ${PLAYBOOK:--} in
  -)
    : "${PUSHGATEWAY_URL:?}"
    cat >"$playbook.new"
    [ -s "$playbook.new" ] || { rm -f "$playbook.new"; fail "no playbook on stdin"; }
    mv -f "$playbook.new" "$playbook"
    printf '%s\n' "$PUSHGATEWAY_URL" >"$folder/pushgateway_url"
    if [ -n "${PUSHGATEWAY_PASSWORD:-}" ]; then
      printf '%s\n' "$PUSHGATEWAY_PASSWORD" >"$password"
    else
      rm -f "$password"
    fi
    ;;
  kept)
    [ -r "$playbook" ] || fail "no playbook kept in $folder: run 'make up' first"
    PUSHGATEWAY_URL=${PUSHGATEWAY_URL:-$(cat "$folder/pushgateway_url")}
    ;;
  *) fail "PLAYBOOK '$PLAYBOOK': '-' or 'kept'" ;;
esac

# In /tmp and not in the lab's folder: Ansible opens a socket in it, whose path may have 103 bytes.
temporary=$(mktemp -d /tmp/observability-lab.XXXXXX)
trap 'rm -rf "$temporary"' EXIT
trap 'exit 1' HUP INT TERM
[ -r "$password" ] || password=
# Only what is named reaches Ansible: no ANSIBLE_* or ansible.cfg of the user's, no secret.
# No locale either: it refuses C, and without one Python takes C.UTF-8 or macOS's UTF-8.
set -- PATH="$PATH" HOME="$temporary" TERM="${TERM:-dumb}" TMPDIR="$temporary" \
  PUSHGATEWAY_URL="$PUSHGATEWAY_URL" PUSHGATEWAY_PASSWORD_FILE="$password" NGINX_BINARY="${NGINX_BINARY:-}" \
  ANSIBLE_CONFIG="$temporary/ansible.cfg" ANSIBLE_HOME="$temporary/home" \
  ANSIBLE_LOCAL_TEMP="$temporary" ANSIBLE_REMOTE_TEMP="$temporary" \
  ANSIBLE_PYTHON_INTERPRETER="$folder/venv/bin/python" ANSIBLE_PIPELINING=true \
  ANSIBLE_NOCOWS=true ANSIBLE_RETRY_FILES_ENABLED=false \
  ANSIBLE_LOCALHOST_WARNING=false ANSIBLE_DEPRECATION_WARNINGS=false \
  OBJC_DISABLE_INITIALIZE_FORK_SAFETY=YES no_proxy='*'
[ -t 1 ] || set -- "$@" ANSIBLE_NOCOLOR=true

: >"$temporary/ansible.cfg"
env -i "$@" "$folder/venv/bin/ansible-playbook" --inventory localhost, "$playbook" \
  </dev/null
