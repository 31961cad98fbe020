"""What the end-to-end tests share: the daemon as a process, a webhook receiver, senders.

Every wait is for a condition with a deadline; nothing here sleeps. Every
process that is started is ended by its own id.
"""
import base64
import gzip
import hashlib
import hmac
import http.client
import json
import os
import re
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, os.path.join(TOP, "tests", "model"))
BINARY = os.path.abspath(os.environ.get("PICKETD", os.path.join(TOP, "picketd")))
CONF = os.path.join(TOP, "conf")
SLOW = float(os.environ.get("PICKETD_TEST_SLOWDOWN", "1"))
KEY_BYTES = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY_BYTES).decode()
TOKEN = "token-of-the-tests-0123456789"
SEED = "2f6d1f0c-5a43-4d0e-9a53-7f1d0c5e8b11"


class Skip(Exception):
    pass


def within(seconds):
    return time.monotonic() + seconds * SLOW


def until(condition, seconds, what):
    """The condition's first true answer. For state that cannot announce itself, asked 50 times a second."""
    deadline, turn = within(seconds), threading.Event()
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        turn.wait(0.02)


def check(truth, text):
    if not truth:
        raise AssertionError(text)


def equal(got, want, what):
    if got != want:
        raise AssertionError(f"{what}: got {got!r}, wanted {want!r}")


def need(program):
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin:/usr/bin")
    if not found:
        raise Skip(f"{program} is not installed")
    return found


class Lines:
    """Reads a pipe line by line in a thread; waits are on a condition variable."""

    def __init__(self, pipe, echo=None):
        self.lines, self.closed, self.more = [], False, threading.Condition()
        self.echo = echo
        self.thread = threading.Thread(target=self.run, args=(pipe,), daemon=True)
        self.thread.start()

    def run(self, pipe):
        for raw in pipe:
            with self.more:
                self.lines.append(raw.decode("utf-8", "replace").rstrip("\n"))
                self.more.notify_all()
        with self.more:
            self.closed = True
            self.more.notify_all()

    def wait(self, match, seconds, what, start=0):
        """(index, what match returned) for the first line that match accepts, from line start on."""
        deadline, at = within(seconds), start
        with self.more:
            while True:
                while at < len(self.lines):
                    value = match(self.lines[at])
                    if value:
                        return at, value
                    at += 1
                left = deadline - time.monotonic()
                if left <= 0 or (self.closed and at >= len(self.lines)):
                    raise AssertionError(f"no line with {what}; last lines:\n  " + "\n  ".join(self.lines[-12:]))
                self.more.wait(left)


class Place:
    """A temporary directory with the secrets, removed at the end, and what to end with it."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="picketd-e2e-")
        self.ends = []
        self.write("signing.key", SECRET + "\n", 0o600)
        self.write("token", TOKEN + "\n", 0o600)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb" if isinstance(text, bytes) else "w") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def add(self, thing):
        self.ends.append(thing)
        return thing

    def close(self):
        for thing in reversed(self.ends):
            try:
                thing.close()
            except Exception as e:  # the test's own failure is what matters
                print(f"# at the end: {e}")
        shutil.rmtree(self.dir, ignore_errors=True)

    def receiver(self, **options):
        return self.add(Receiver(**options))

    def daemon(self, config=None, **options):
        return Daemon(self, config, **options)  # adds itself, so that one that fails to start is ended too


class Receiver:
    """A webhook receiver. answer(n, alert) gives the status; every request is kept with its verdict on the signature."""

    def __init__(self, answer=None, port=0, key=KEY_BYTES):
        self.requests, self.problems, self.more = [], [], threading.Condition()
        self.answer, self.key, self.stopping = answer or (lambda n, body: 200), key, False
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                owner.take(self, body)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 64

            def handle_error(self, request, client_address):
                pass

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def take(self, handler, body):
        problem = self.verify({k.lower(): v for k, v in handler.headers.items()}, body)
        with self.more:
            n = len(self.requests)
        try:
            document = json.loads(body)
        except ValueError:
            document = None
        answer = self.answer(n, document)
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        with self.more:
            self.requests.append({"headers": {k.lower(): v for k, v in handler.headers.items()}, "body": body,
                                  "document": document, "status": status, "path": handler.path, "at": time.time()})
            if problem:
                self.problems.append(problem)
            self.more.notify_all()
        if status is None:  # hang up without an answer
            handler.close_connection = True
            handler.connection.shutdown(socket.SHUT_RDWR)
            return
        handler.send_response(status)
        for k, v in headers.items():
            handler.send_header(k, v)
        handler.send_header("content-length", "2")
        handler.end_headers()
        handler.wfile.write(b"ok")

    def verify(self, headers, body):
        """Standard Webhooks, written from its text: HMAC-SHA256 over id.timestamp.body."""
        for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
            if name not in headers:
                return f"no {name}"
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        want = "v1," + base64.b64encode(hmac.new(self.key, signed, hashlib.sha256).digest()).decode()
        if want not in headers["webhook-signature"].split(" "):
            return "signature differs"
        if abs(time.time() - int(headers["webhook-timestamp"])) > 300:
            return "timestamp is not of now"
        return None

    def accepted(self):
        with self.more:
            return [r["document"] for r in self.requests if r["status"] is not None and 200 <= r["status"] < 300 and r["document"]]

    def alerts(self):
        return [d["data"] for d in self.accepted() if d["type"].startswith("alert.")]

    def wait(self, condition, seconds, what):
        deadline = within(seconds)
        while True:
            with self.more:
                seen = len(self.requests)
            value = condition()
            if value:
                return value
            with self.more:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"receiver: {what() if callable(what) else what}")
                if len(self.requests) == seen:
                    self.more.wait(left)

    def wait_alerts(self, count, seconds=20):
        self.wait(lambda: len({a["id"] for a in self.alerts()}) >= count, seconds,
                  lambda: f"{len({a['id'] for a in self.alerts()})} alerts arrived, {count} wanted")
        return self.alerts()

    def close(self):
        if not self.stopping:
            self.stopping = True
            self.server.shutdown()
            self.server.server_close()


def merged(base, change):
    """Mappings merge, everything else is replaced."""
    if not isinstance(base, dict) or not isinstance(change, dict):
        return change
    out = dict(base)
    for k, v in change.items():
        out[k] = merged(out[k], v) if k in out else v
    return out


class Daemon:
    """picketd with its own state directory, on ports of the kernel's choice."""

    def __init__(self, place, config=None, receiver=None, env=None, start=True, arguments=(), wrapper=(), name="picketd",
                 token=False, pass_fds=(), ready=True):
        self.place, self.env, self.arguments, self.wrapper = place, dict(env or {}), list(arguments), list(wrapper)
        self.config_path, self.pass_fds = place.path(name + ".yaml"), pass_fds
        base = {"version": 1,
                "listeners": {"http": {"address": "127.0.0.1:0"}, "syslog": [{"address": "127.0.0.1:0"}],
                              "admin": {"address": "127.0.0.1:0"}},
                "input": {"schemas": [os.path.join(CONF, "schemas")], "result_codes": os.path.join(CONF, "result-codes.yaml")},
                "rules": {"dirs": [os.path.join(CONF, "rules")]},
                "state": {"dir": place.path(name + "-state"), "disk_reserve": "1MiB"},
                "log": {"level": "info", "format": "json"}}
        if token:
            base["listeners"]["http"]["auth"] = {"tokens": [{"id": "tests", "secret": "file:" + place.path("token")}]}
        if receiver:
            base["targets"] = [self.target("soc", receiver)]
        self.config = merged(base, config or {})
        self.process = self.log = None
        self.ports = {}
        self.write_config()
        place.add(self)
        if start:
            self.start(ready)

    def target(self, name, receiver, **more):
        url = receiver if isinstance(receiver, str) else receiver.url
        return merged({"name": name, "url": url, "allow_plain": True, "backoff_min": "50ms", "backoff_max": "200ms",
                       "secrets": ["file:" + self.place.path("signing.key")]}, more)

    def write_config(self, change=None):
        if change:
            self.config = merged(self.config, change)
        with open(self.config_path, "w", encoding="utf-8") as f:
            json.dump(self.config, f, indent=1)  # JSON is YAML
            f.write("\n")

    def command(self, *arguments):
        return [BINARY, "--config", self.config_path, *arguments]

    def environment(self):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("PICKETD_", "NOTIFY_", "LISTEN_", "WATCHDOG_"))}
        env.update(self.env)
        return env

    def start(self, ready=True):
        os.makedirs(self.config["state"]["dir"], exist_ok=True)
        self.process = subprocess.Popen([*self.wrapper, *self.command(*self.arguments)], stderr=subprocess.PIPE,
                                        stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=self.environment(),
                                        pass_fds=self.pass_fds)
        self.log = Lines(self.process.stderr)
        self.ports = {}
        if ready:
            at, _ = self.wait_log("ready", 30)
            for text in self.log.lines[:at + 1]:
                d = self.parse(text)
                if d and d.get("message") == "listening":
                    self.ports.setdefault(d["listener"], []).append(int(d.get("port") or d["address"].rsplit(":", 1)[1]))
        return self

    @staticmethod
    def parse(text):
        try:
            d = json.loads(text)
        except ValueError:
            return None
        if not isinstance(d, dict):
            return None
        return d

    def wait_log(self, message, seconds=15, start=0, **tags):
        def match(text):
            d = self.parse(text)
            return d if d and d.get("message") == message and all(str(d.get(k)) == str(v) for k, v in tags.items()) else None
        return self.log.wait(match, seconds, f"{message} {tags or ''}", start)

    def logged(self, message, **tags):
        out = []
        for text in list(self.log.lines):
            d = self.parse(text)
            if d and d.get("message") == message and all(str(d.get(k)) == str(v) for k, v in tags.items()):
                out.append(d)
        return out

    @property
    def pid(self):
        if not self.wrapper:
            return self.process.pid
        out = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], stdout=subprocess.PIPE, check=False)
        return int(out.stdout.split()[0]) if out.stdout.split() else self.process.pid

    def port(self, listener="http", n=0):
        return self.ports[listener][n]

    def signal(self, number):
        os.kill(self.pid, number)

    def stop(self, seconds=30):
        """SIGTERM; the exit status."""
        if self.process and self.process.poll() is None:
            self.signal(signal.SIGTERM)
        return self.wait_exit(seconds)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.signal(signal.SIGKILL)
        return self.wait_exit(10)

    def wait_exit(self, seconds):
        status = self.process.wait(seconds * SLOW)
        self.log.thread.join(5)
        return status

    def close(self):
        if self.process and self.process.poll() is None:
            try:
                self.stop(35)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError("the daemon did not stop on SIGTERM")
        if self.process and self.process.stderr:
            report = [t for t in self.log.lines if "Sanitizer" in t or "runtime error" in t]
            if report:
                raise AssertionError("sanitizer: " + "; ".join(report[:3]))

    def run(self, *arguments, seconds=30, stdin=None):
        """A one-shot run with this configuration (--check, --alerts, ...)."""
        return run([*self.command(*arguments)], seconds, stdin)

    # talking to it

    def post(self, body, headers=None, path="/v1/events", timeout=20, method="POST"):
        """(status, headers, document or text) of one request on a connection of its own."""
        c = http.client.HTTPConnection("127.0.0.1", self.port("http"), timeout=timeout * SLOW)
        try:
            return request(c, body, headers, path, method)
        finally:
            c.close()

    def admin(self, path, headers=None, timeout=10):
        c = http.client.HTTPConnection("127.0.0.1", self.port("admin"), timeout=timeout * SLOW)
        try:
            return request(c, None, headers, path, "GET")
        finally:
            c.close()

    def metrics(self):
        status, _, text = self.admin("/metrics")
        check(status == 200, f"/metrics answers {status}")
        return parse_metrics(text)

    def metric(self, name, **labels):
        return self.metrics().get((name, tuple(sorted(labels.items()))), 0)

    def wait_metric(self, value, name, seconds=10, **labels):
        return until(lambda: self.metric(name, **labels) == value, seconds,
                     lambda: f"{name}{labels} is {self.metric(name, **labels)}, wanted {value}")

    def syslog(self, data, n=0):
        """Sends the bytes on one connection and closes it in order."""
        with socket.create_connection(("127.0.0.1", self.port("syslog", n)), timeout=20) as s:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            s.settimeout(20 * SLOW)
            while s.recv(4096):
                pass

    def stored(self):
        """The alerts in the store, by its own command."""
        r = self.run("--alerts", "--json")
        check(r.returncode == 0, f"--alerts exits {r.returncode}: {r.stderr}")
        return [json.loads(t) for t in r.stdout.split("\n") if t.strip()]


def request(connection, body, headers=None, path="/v1/events", method="POST"):
    if isinstance(body, str):
        body = body.encode()
    connection.request(method, path, body=body, headers=headers or {})
    r = connection.getresponse()
    data = r.read()
    kind = r.getheader("content-type", "")
    document = json.loads(data) if data and "json" in kind else data.decode("utf-8", "replace")
    return r.status, {k.lower(): v for k, v in r.getheaders()}, document


def run(command, seconds=30, stdin=None, env=None):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PICKETD_", "NOTIFY_", "LISTEN_"))}
    clean.update(env or {})
    return subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=seconds * SLOW,
                          encoding="utf-8", errors="replace", env=clean, check=False,
                          **({} if stdin is not None else {"stdin": subprocess.DEVNULL}))


METRIC = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


def parse_metrics(text):
    out = {}
    for row in text.splitlines():
        m = None if row.startswith("#") else METRIC.match(row)
        if m:
            out[(m.group(1), tuple(sorted(LABEL.findall(m.group(2) or ""))))] = float(m.group(3))
    return out


def gz(data, level=6):
    return gzip.compress(data if isinstance(data, bytes) else data.encode(), level, mtime=0)


def octet(message):
    raw = message if isinstance(message, bytes) else message.encode()
    return str(len(raw)).encode() + b" " + raw


def rows(database, query):
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10) as db:
        return db.execute(query).fetchall()


def read_until(sock, wanted, seconds=10):
    """Bytes from a raw socket until wanted(bytes) or the deadline or the end."""
    deadline, data = within(seconds), b""
    while not wanted(data):
        left = deadline - time.monotonic()
        if left <= 0:
            raise AssertionError(f"nothing more came; so far {data[:300]!r}")
        ready, _, _ = select.select([sock], [], [], left)
        if ready:
            piece = sock.recv(65536)
            if not piece:
                break
            data += piece
    return data
