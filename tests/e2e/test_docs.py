"""The examples of docs/, run with the ports and paths of the test in their place."""
import os
import re
import signal
import socket
import ssl
import subprocess
import urllib.error
import urllib.request

from events import risky, user_of
from harness import Skip, TOKEN, TOP, check, equal, need, octet, run, until

EXAMPLES = os.path.join(TOP, "docs", "examples")


class _Process:
    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)


def _free():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def _example(place, name, *changes):
    """The example with each (old, new) replaced; every old text must be there."""
    with open(os.path.join(EXAMPLES, name), encoding="utf-8") as f:
        text = f.read()
    for old, new in changes:
        check(old in text, f"{name} has no {old!r}")
        text = text.replace(old, str(new))
    return place.write(name, text)


def _certificate(place):
    out = run([need("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", place.path("key.pem"), "-out", place.path("cert.pem"),
               "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], 60)
    equal(out.returncode, 0, out.stderr)
    os.chmod(place.path("key.pem"), 0o600)
    return ssl.create_default_context(cafile=place.path("cert.pem"))


def _through(place, d, proxy, context, https, syslog):
    """One risky event through each of the proxy's ports."""
    def listens():
        try:
            socket.create_connection(("127.0.0.1", https), timeout=2).close()
            socket.create_connection(("127.0.0.1", syslog), timeout=2).close()
            return True
        except OSError:
            check(proxy.process.poll() is None, "the proxy ended")
            return False
    until(listens, 20, "the proxy does not listen")
    one, two = risky(), risky()
    request = urllib.request.Request(f"https://localhost:{https}/v1/events", one.encode(), {"Authorization": "Bearer " + TOKEN})
    with urllib.request.urlopen(request, timeout=20, context=context) as answer:
        equal(answer.status, 200, "answer through the proxy")
    with socket.create_connection(("127.0.0.1", syslog), timeout=20) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as s:
            s.sendall(octet("<134>1 2026-11-22T20:00:00Z relay app - - - " + two))
            until(lambda: len(d.stored()) == 2, 20, "no alert of the syslog event")
    equal({a["user"]["name"] for a in d.stored()}, {user_of(one), user_of(two)}, "users")


def docs_example_of_stunnel_carries_https_and_syslog(place):
    program = need("stunnel")
    context = _certificate(place)
    d = place.daemon(token=True)
    https, syslog = _free(), _free()
    path = _example(place, "stunnel.conf", ("/etc/ssl/picketd/cert.pem", place.path("cert.pem")), ("/etc/ssl/picketd/key.pem", place.path("key.pem")),
                    ("accept = 443", f"accept = 127.0.0.1:{https}"), ("accept = 6514", f"accept = 127.0.0.1:{syslog}"),
                    ("127.0.0.1:8443", f"127.0.0.1:{d.port('http')}"), ("127.0.0.1:6601", f"127.0.0.1:{d.port('syslog')}"))
    _through(place, d, place.add(_Process(program, path)), context, https, syslog)


def docs_example_of_nginx_carries_https_and_syslog(place):
    program = need("nginx")
    context = _certificate(place)
    d = place.daemon(token=True)
    https, syslog = _free(), _free()
    path = _example(place, "nginx.conf", ("/etc/ssl/picketd/cert.pem", place.path("cert.pem")), ("/etc/ssl/picketd/key.pem", place.path("key.pem")),
                    ("/run/nginx-picketd.pid", place.path("nginx.pid")), ("/var/log/nginx/picketd.log", place.path("nginx.log")),
                    ("listen 443 ssl", f"listen 127.0.0.1:{https} ssl"), ("listen 6514 ssl", f"listen 127.0.0.1:{syslog} ssl"),
                    ("127.0.0.1:8443", f"127.0.0.1:{d.port('http')}"), ("127.0.0.1:6601", f"127.0.0.1:{d.port('syslog')}"))
    if 'unknown directive "stream"' in run([program, "-t", "-c", path]).stderr:
        raise Skip("nginx has no stream module (libnginx-mod-stream)")
    proxy = place.add(_Process(program, "-c", path, "-g", "daemon off;"))
    _through(place, d, proxy, context, https, syslog)
    try:
        urllib.request.urlopen(f"https://localhost:{https}/metrics", timeout=20, context=context)
    except urllib.error.HTTPError as e:
        equal(e.code, 404, "/metrics through the proxy")


def docs_example_of_rsyslog_forwards_large_records_by_both_framings(place):
    program = need("rsyslogd")
    d = place.daemon({"listeners": {"syslog": [{"address": "127.0.0.1:0", "framing": "octet"}, {"address": "127.0.0.1:0", "framing": "lf"}]}})
    os.mkdir(place.path("spool"))
    texts = [risky(), risky(pad=80)]
    check(len(texts[1]) > 16000, "a record beyond rsyslog's default size")
    place.write("signins.ndjson", "".join(t + "\n" for t in texts))
    path = _example(place, "rsyslog.conf", ("/var/spool/rsyslog", place.path("spool")), ("/var/log/signins.ndjson", place.path("signins.ndjson")),
                    ('port="6601"', f'port="{d.port("syslog", 0)}"'), ('port="6602"', f'port="{d.port("syslog", 1)}"'))
    equal(run([program, "-N1", "-f", path], 30).returncode, 0, "rsyslogd -N1")
    place.add(_Process(program, "-n", "-f", path, "-i", place.path("rsyslog.pid")))
    # each record comes twice, once by each framing: one alert, and the second is a known event
    until(lambda: len(d.stored()) == 2 and d.metric("picketd_events_duplicate_total") == 2, 40,
          lambda: f"{len(d.stored())} alerts, {d.metric('picketd_events_duplicate_total')} repeats")
    equal({a["user"]["name"] for a in d.stored()}, {user_of(t) for t in texts}, "users")


def docs_example_of_logger_sends_a_file(place):
    need("logger")
    d = place.daemon()
    texts = [risky(), risky(pad=60)]
    path = place.write("signins.ndjson", "".join(t + "\n" for t in texts))
    out = run([os.path.join(EXAMPLES, "logger"), "127.0.0.1", str(d.port("syslog")), path])
    equal(out.returncode, 0, out.stderr)
    until(lambda: len(d.stored()) == 2, 20, lambda: f"{len(d.stored())} alerts")
    equal({a["user"]["name"] for a in d.stored()}, {user_of(t) for t in texts}, "users")


def docs_configurations_pass_check(place):
    """Every configuration shown in docs/ in a yaml block."""
    count = 0
    for name in sorted(os.listdir(os.path.join(TOP, "docs"))):
        if not name.endswith(".md"):
            continue
        with open(os.path.join(TOP, "docs", name), encoding="utf-8") as f:
            blocks = re.findall(r"```yaml\n(version: 1\n.*?)```", f.read(), re.S)
        for block in blocks:
            from harness import BINARY
            place.write("credentials/ingest-token", "a-token-for-the-check\n", 0o600)
            out = run([BINARY, "--check", "--config", place.write(f"{count}.yaml", block)], env={"CREDENTIALS_DIRECTORY": place.path("credentials")})
            equal(out.returncode, 0, f"{name}: {out.stdout}{out.stderr}")
            count += 1
    check(count >= 2, f"{count} configurations found")
