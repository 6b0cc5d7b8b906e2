# Removes $lab/$VENV, and the lab's folders that are empty then. Nothing to remove is fine.
# LAB: the lab's name. VENV: flask | ansible.
# shellcheck shell=sh
set -eu

fail() { printf '%s\n' "$@" >&2; exit 1; }
case ${LAB:?} in *[!A-Za-z0-9._-]* | .*) fail "LAB '$LAB': only letters, digits, '.', '_', '-'" ;; esac
case ${VENV:?} in flask | ansible) ;; *) fail "VENV '$VENV': flask or ansible" ;; esac
lab=${XDG_STATE_HOME:-${HOME:?}/.local/state}/observability-lab/$LAB

rm -rf "${lab:?}/$VENV"
# The other environment's or another lab's files keep these.
rmdir "$lab" "${lab%/*}" 2>/dev/null || :
