# Replaces the data of one volume in revertible steps; runs in a container of restore. Old data stays on the volume. The
# folder .restore-old appears by a rename once it has all of the old data, so that after an interruption the origin of
# the other files is known.
# usage: swap-data.sh unpack|swap|back|finish [FOLDER]      unpack reads a tar archive from stdin
# shellcheck shell=sh
set -eu
cd "${2:-/data}"

# move FROM TO: moves every entry of a folder except the folders .restore-*
move() {
  for entry in "$1"/* "$1"/.[!.]*; do
    case $entry in */.restore-*) continue ;; esac
    if [ -e "$entry" ] || [ -L "$entry" ]; then mv "$entry" "$2/"; fi
  done
}

case $1 in
  unpack)
    mkdir .restore-new
    tar -C .restore-new --numeric-owner -xf -
    # checks the unpacked files: another tar reader may have seen other members in the archive
    unexpected=$(
      find .restore-new ! -type f ! -type d ! -type l
      find .restore-new -type f -perm /6000
      find .restore-new -type l | while IFS= read -r link; do
        case /$(readlink "$link")/ in //* | */../*) printf '%s\n' "$link" ;; esac
      done
    )
    if [ -n "$unexpected" ]; then
      echo "the archive has what no volume of the lab has: $unexpected" >&2
      exit 1
    fi
    ;;
  swap)
    mkdir .restore-part
    move . .restore-part
    mv .restore-part .restore-old
    move .restore-new .
    ;;
  back)
    if [ -d .restore-old ]; then
      for entry in ./* ./.[!.]*; do
        case $entry in ./.restore-*) ;; *) rm -rf "$entry" ;; esac
      done
      mv .restore-old .restore-part
    fi
    if [ -d .restore-part ]; then move .restore-part .; fi
    rm -rf .restore-part .restore-new .restore-done
    ;;
  finish)
    mv .restore-old .restore-done # cannot be undone from here on
    rm -rf .restore-new .restore-done
    ;;
esac
