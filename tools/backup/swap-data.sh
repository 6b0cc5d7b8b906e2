# Runs in a container of restore, on one volume: puts other data in the place of what is there, in steps that can be
# taken back. What is moved stays on its volume. A folder is named .restore-old once it holds all of the old data,
# so that after any interruption it is known whose the other files are.
# usage: swap-data.sh unpack|swap|back|finish [FOLDER]      unpack reads a tar file from its standard input
# shellcheck shell=sh
set -eu
cd "${2:-/data}"

# move FROM TO: every entry of a folder but those of a restore
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
    # what came out, as whoever looked at the archive may have seen other members in it
    strange=$(
      find .restore-new ! -type f ! -type d ! -type l
      find .restore-new -type f -perm /6000
      find .restore-new -type l | while IFS= read -r link; do
        case /$(readlink "$link")/ in //* | */../*) printf '%s\n' "$link" ;; esac
      done
    )
    if [ -n "$strange" ]; then
      echo "the archive has what no volume of the lab has: $strange" >&2
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
    mv .restore-old .restore-done # from here on nothing is taken back
    rm -rf .restore-new .restore-done
    ;;
esac
