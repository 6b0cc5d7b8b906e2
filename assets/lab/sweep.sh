# Removes what is left of a lab on this machine: the app's processes, what carries the lab's label, its folder.
# LAB: the lab's name. LABEL: the label of its parts. ONLY: 'containers', or nothing for all of it.
# KEEP: names of volumes that stay, separated by spaces.
# shellcheck shell=sh disable=SC2154 # process.sh, which comes before, sets room

: "${LABEL:?}"
labelled() { docker "$@" --quiet --filter "label=$LABEL=$LAB"; }

# first into a variable: a failure in the list of a loop would be missed
containers=$(labelled container ls --all)
for id in $containers; do docker container rm --force --volumes "$id" >/dev/null; done
[ "${ONLY:-}" != containers ] || exit 0
end_all
networks=$(labelled network ls)
for id in $networks; do docker network rm "$id" >/dev/null; done
kept=
volumes=$(labelled volume ls)
for name in $volumes; do
  case " ${KEEP:-} " in
    *" $name "*) kept="$kept $name" ;;
    *) docker volume rm "$name" >/dev/null ;;
  esac
done
lab=${room%/*}
rm -rf "${lab:?}"
# Another lab's files keep this.
rmdir "${lab%/*}" 2>/dev/null || :
[ -z "$kept" ] || echo "kept, and found again by the next up:$kept (docker volume rm removes them)"
