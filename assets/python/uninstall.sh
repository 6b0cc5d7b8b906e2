# Removes $lab/$ROOM, and the lab's folders that are empty then. Nothing to remove is fine.
# LAB: the lab's name. ROOM: flask | ansible.
# shellcheck shell=sh
set -eu

fail() { printf '%s\n' "$@" >&2; exit 1; }
case ${LAB:?} in *[!A-Za-z0-9._-]* | .*) fail "LAB '$LAB': only letters, digits, '.', '_', '-'" ;; esac
case ${ROOM:?} in flask | ansible) ;; *) fail "ROOM '$ROOM': flask or ansible" ;; esac
lab=${XDG_STATE_HOME:-${HOME:?}/.local/state}/observability-lab/$LAB

rm -rf "${lab:?}/$ROOM"
# Another room's or another lab's files keep these.
rmdir "$lab" "${lab%/*}" 2>/dev/null || :
