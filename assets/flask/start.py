"""Start app.py of a lab's folder, detached, and print "PID TOKEN" once it responds.

Usage: start.py FOLDER, with LAB, LISTEN and HEALTH in the environment; start.sh runs it.

This is Python, as it has a new session on macOS too (no setsid there), sees its child die at once,
and writes JSON. The app gets no environment but PATH: the caller's holds secrets.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

LIMIT_SECONDS = 20
folder = Path(sys.argv[1])
log, record = folder / "app.log", folder / "record.json"
token = f"{os.environ['LAB']}-{secrets.token_hex(6)}"
url = f"http://{os.environ['HEALTH']}/healthz"
listen = [word for address in os.environ["LISTEN"].split() for word in ("--listen", address)]
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def listens() -> bool:
    """Whether a process of this user has the port, where that can be seen (Linux).

    The list of processes shows the token to others, and one of them could answer with it.
    """
    table = Path("/proc/net/tcp")  # proc_net_tcp.txt of the kernel says what is in it
    if not table.exists():
        return True
    host, _, port = os.environ["HEALTH"].rpartition(":")
    local = f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}:{int(port):04X}"
    rows = [line.split() for line in table.read_text().splitlines()[1:]]
    return [local, "0A", str(os.geteuid())] in [[row[1], row[3], row[7]] for row in rows]


def healthy() -> bool:
    """Whether this very start answers, and not another that has its port."""
    try:
        with opener.open(url, timeout=1) as response:
            return json.load(response).get("instance") == token and listens()
    except (OSError, ValueError, AttributeError):
        return False


def wait_until_healthy(app: subprocess.Popen[bytes]) -> None:
    """Return once the app answers; exit with the reason if it ends or takes too long."""
    limit = time.monotonic() + LIMIT_SECONDS
    while not healthy():
        if app.poll() is not None:
            sys.exit(f"the app ended with status {app.returncode}")
        if time.monotonic() > limit:
            sys.exit(f"the app did not respond at {url} within {LIMIT_SECONDS} s")
        time.sleep(0.1)


# A caller that is cancelled leaves no app behind: SystemExit ends in the except below.
signal.signal(signal.SIGTERM, lambda *_: sys.exit("cancelled"))
log.unlink(missing_ok=True)
with log.open("ab") as output:
    app = subprocess.Popen(  # noqa: S603 - the lab's own app, and a token made here
        [sys.executable, "-I", "app.py", *listen, "--instance", token],
        cwd=folder,
        env={"PATH": os.environ.get("PATH", os.defpath)},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )
try:
    fields = {"pid": app.pid, "instance": token, "health": url}
    draft = record.with_suffix(".new")
    draft.write_text(json.dumps(fields) + "\n")
    draft.replace(record)
    wait_until_healthy(app)
    sys.stdout.write(f"{app.pid} {token}\n")
    sys.stdout.flush()
except BaseException as error:  # noqa: BLE001 - whatever it was, the app goes too
    app.kill()
    app.wait()
    record.unlink(missing_ok=True)
    reason = str(error) or type(error).__name__
    end = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    sys.exit(f"{reason} (to listen on {os.environ['LISTEN']}). The end of {log}:\n{end}")
