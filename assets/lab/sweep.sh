# Removes what is left of a lab on this machine: the app's processes, what carries the lab's label, its folder.
# LAB: the lab's name. LABEL: the label of its parts. ONLY: 'containers', or nothing for all of it.
# KEEP: names of volumes that stay, separated by spaces.
# shellcheck shell=sh disable=SC2154 # process.sh, which comes before, sets room

: "${LABEL:?}"
labelled() { docker "$@" --quiet --filter "label=$LABEL=$LAB"; }

# remove KIND NAMES OPTION...: all of them in one call, if any
remove() {
  kind=$1 names=$2
  shift 2
  # shellcheck disable=SC2086 # one word for each
  [ -z "$names" ] || docker "$kind" rm "$@" $names >/dev/null
}

# first into a variable: a failure in an argument would be missed
containers=$(labelled container ls --all)
remove container "$containers" --force --volumes
[ "${ONLY:-}" != containers ] || exit 0
end_all
lab=${room%/*}
rm -rf "${lab:?}" &
files=$!
networks=$(labelled network ls)
remove network "$networks"
volumes=$(labelled volume ls)
gone='' kept=''
for name in $volumes; do
  case " ${KEEP:-} " in
    *" $name "*) kept="$kept $name" ;;
    *) gone="$gone $name" ;;
  esac
done
remove volume "$gone"
wait "$files"
# Another lab's files keep this.
rmdir "${lab%/*}" 2>/dev/null || :
[ -z "$kept" ] || echo "kept, and found again by the next up:$kept (docker volume rm removes them)"
