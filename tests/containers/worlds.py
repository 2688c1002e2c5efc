"""Small programs for containers: a web server of one answer, and one who asks it."""

import subprocess
from email.utils import parsedate_to_datetime

from peakproof.runtime.contained import Contained

__all__ = ["LEAKER", "PORT", "ask", "asks", "server_words", "time_of"]

PORT = 8080
# Makes a container in a network, tells their identities, and never cleans up.
LEAKER = """
import sys, time
from pathlib import Path
from peakproof.runtime.contained import Contained, Recipe
from peakproof.runtime.engine import Engine, Network
engine = Engine()
network = Network(engine, "leak")
recipe = Recipe(image=sys.argv[1], entrypoint=["sleep"], words=["600"])
program = Contained(engine, network, "leaked", recipe, None, Path(sys.argv[2]))
program.start()
print(program.docker.id, network.docker.id, flush=True)
time.sleep(600)
"""
_SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = sys.argv[1].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
print("ready", flush=True)
http.server.ThreadingHTTPServer(("0.0.0.0", 8080), Handler).serve_forever()
"""
_ASK = """
import sys, urllib.request
for _ in range(int(sys.argv[3])):
    with urllib.request.urlopen(sys.argv[1], timeout=float(sys.argv[2])) as answer:
        text = answer.read().decode()
print(text, end="")
"""


def server_words(line: str) -> list[str]:
    """Return the command of a web server that answers with that line."""
    return ["python", "-c", _SERVER, line]


def ask(asker: Contained, target: Contained, limit_seconds: float = 5.0, times: int = 1) -> str:
    """Return what the target answers the asker; "" if it does not, in time."""
    url = f"http://{target.address}:{PORT}"
    words = ["python", "-c", _ASK, url, str(limit_seconds), str(times)]
    try:
        return asker.run(words)
    except OSError:
        return ""


def asks(asker: Contained, target: Contained, limit_seconds: float, times: int = 1) -> bool:
    """Tell whether each of several questions is answered within the limit."""
    return ask(asker, target, limit_seconds, times) != ""


_CLOCK = """
import sys, urllib.request
with urllib.request.urlopen(sys.argv[1], timeout=5) as answer:
    print(answer.headers["Date"])
"""


def time_of(asker: Contained, target: Contained) -> float:
    """Return what time the target says it is, in seconds since 1970."""
    said = asker.run(["python", "-c", _CLOCK, f"http://{target.address}:{PORT}"])
    return parsedate_to_datetime(said.strip()).timestamp()


def there(*words: str) -> str:
    """Return what the docker client prints."""
    return subprocess.check_output(["docker", *words], text=True).strip()
