# Recreates the virtual environment $lab/$VENV/venv from the pinned requirements on stdin.
# LAB: the lab's name. VENV: flask | ansible. PYTHON: the interpreter (python3).
# shellcheck shell=sh
set -eu
umask 077

fail() { printf '%s\n' "$@" >&2; exit 1; }
case ${LAB:?} in *[!A-Za-z0-9._-]* | .*) fail "LAB '$LAB': only letters, digits, '.', '_', '-'" ;; esac
case ${VENV:?} in flask | ansible) ;; *) fail "VENV '$VENV': flask or ansible" ;; esac
python=${PYTHON:-python3}
lab=${XDG_STATE_HOME:-${HOME:?}/.local/state}/observability-lab/$LAB
folder=$lab/$VENV
venv=$folder/venv

command -v "$python" >/dev/null ||
  fail "no '$python' here: install Python 3.10 or newer, or set PYTHON"
# These would send the packages elsewhere; mirrors and proxies of the user's pip stay in force.
unset PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT PYTHONPATH PYTHONHOME
# Its path, as a version manager's shim takes time, and its pip's runner for other environments, which came with pip 22.3:
# `pip --python` would start it, too, but from a second pip.
found=$("$python" -c '
import sys
if sys.version_info < (3, 10):
    sys.exit(3)
import importlib.util, os
try:
    runner = os.path.join(os.path.dirname(importlib.util.find_spec("pip").origin), "__pip-runner__.py")
except Exception:
    runner = ""
print(sys.executable)
print(runner if os.path.isfile(runner) else "")
') || case $? in
  3) fail "$("$python" --version 2>&1) is too old: the lab needs Python 3.10 or newer; set PYTHON" ;;
  *) fail "'$python' does not work: set PYTHON to Python 3.10 or newer" ;;
esac
{ IFS= read -r python && IFS= read -r runner; } <<EOF
$found

EOF

# What pip leaves when it is killed goes with the next try, and with the lab.
TMPDIR=$folder/tmp
export TMPDIR
# Half an environment must not be taken for a whole one.
undo() {
  rm -rf "$venv" "$TMPDIR" "$folder/requirements.txt" "$folder/install.log"
  rmdir "$folder" "$lab" "${lab%/*}" 2>/dev/null || :
}
trap 'undo; exit 1' HUP INT TERM

mkdir -p "$folder"
rm -rf "$venv" "$TMPDIR"
mkdir "$TMPDIR"
cat >"$folder/requirements.txt"
[ -s "$folder/requirements.txt" ] || { undo; fail "no requirements on stdin"; }

# The interpreter's own pip spares ensurepip's 4 s.
if [ -n "$runner" ]; then set -- --without-pip; else set --; fi
# A missing ensurepip is reported on stdout.
"$python" -m venv "$@" "$venv" >"$folder/install.log" 2>&1 || {
  tail -n 20 "$folder/install.log" >&2
  undo
  fail "'$python -m venv' failed: on Debian and Ubuntu 'apt-get install python3-venv' provides it"
}
# Compiling what is imported, when it is, is quicker than compiling all. The variable is pip's own, for its runner: without
# it, the user's settings for `pip --python` would choose another environment.
_PIP_RUNNING_IN_SUBPROCESS=1 "$venv/bin/python" "${runner:--mpip}" install \
  --require-hashes --no-compile --disable-pip-version-check --no-input --no-user -q \
  -r "$folder/requirements.txt" >"$folder/install.log" 2>&1 || {
  tail -n 20 "$folder/install.log" >&2
  undo
  fail "pip could not install the lab's $VENV requirements: is the package index reachable" \
    "(a proxy: HTTPS_PROXY; a mirror: PIP_INDEX_URL)? Then run 'make up' again."
}
# Importing Ansible once compiles it while the containers start. It reads settings: as in run.sh, not the user's.
if [ "$VENV" = ansible ]; then
  : >"$TMPDIR/ansible.cfg"
  env -i PATH="$PATH" HOME="$TMPDIR" ANSIBLE_CONFIG="$TMPDIR/ansible.cfg" OBJC_DISABLE_INITIALIZE_FORK_SAFETY=YES \
    "$venv/bin/python" -I -c 'import ansible.cli.playbook' >"$folder/install.log" 2>&1 || {
    tail -n 20 "$folder/install.log" >&2
    undo
    fail "Ansible does not start with '$python': set PYTHON to another one from 3.10 on, then run 'make up' again"
  }
fi
rm -rf "$folder/install.log" "$TMPDIR"

"$venv/bin/python" -I - "$VENV" <<'PY'
import platform
import sys
from importlib.metadata import version

names = {"flask": ("Flask", "waitress", "prometheus-flask-exporter"), "ansible": ("ansible-core",)}
found = [f"{name} {version(name)}" for name in names[sys.argv[1]]]
print(f"Python {platform.python_version()}, {', '.join(found)}")
PY
