"""The daemon as a service: reload, stop, sockets, systemd's protocol, health."""
import os
import shutil
import signal
import socket
import subprocess
import threading
import http.client
import time

from events import quiet, risky, user_of
from harness import CONF, SEED, Skip, check, equal, need, request, until, within

RULE = """title: %(title)s
id: %(id)s
logsource: {product: azure, service: signinlogs}
detection:
  sel: {userPrincipalName|startswith: '%(user)s'}
  condition: sel
level: low
"""
ONE = "11111111-0000-4000-8000-000000000001"
TWO = "11111111-0000-4000-8000-000000000002"


def _rules(place, **files):
    folder = place.path("rules")
    os.makedirs(folder, exist_ok=True)
    for name, text in files.items():
        place.write(f"rules/{name}.yml", text)
    return folder


def _fired(daemon):
    return {(a["rule"]["id"], a["user"]["name"]) for a in daemon.stored()}


def reload_is_atomic_and_keeps_connections(place):
    folder = _rules(place, one=RULE % dict(title="One", id=ONE, user="one-"))
    d = place.daemon({"rules": {"dirs": [folder]}})
    http_line = http.client.HTTPConnection("127.0.0.1", d.port("http"), timeout=20)
    syslog_line = socket.create_connection(("127.0.0.1", d.port("syslog")), timeout=20)
    want = set()

    def both(tag):
        a, b = quiet(user=f"one-{tag}-a@x.example"), quiet(user=f"two-{tag}-a@x.example")
        c, e = quiet(user=f"one-{tag}-b@x.example"), quiet(user=f"two-{tag}-b@x.example")
        equal(request(http_line, a + "\n" + b)[0], 200, "the connection from before")
        syslog_line.sendall((c + "\n" + e + "\n").encode())
        return [user_of(x) for x in (a, c)], [user_of(x) for x in (b, e)]

    def settle(added):
        want.update(added)
        until(lambda: _fired(d) == want, 15, lambda: f"fired {_fired(d)}, wanted {want}")

    one, _ = both("before")
    settle((ONE, u) for u in one)
    # a broken file beside a good new one: nothing of it takes effect
    _rules(place, two=RULE % dict(title="Two", id=TWO, user="two-"), broken="title: Broken\ndetection:\n  sel: {a|nosuchmodifier: 1}\n  condition: sel\n")
    d.signal(signal.SIGHUP)
    d.wait_metric(0, "picketd_config_last_reload_successful")
    one, _ = both("refused")
    settle((ONE, u) for u in one)
    check(any("broken.yml" in t for t in d.log.lines), "the log names the broken file")
    # put right: both rules
    os.unlink(os.path.join(folder, "broken.yml"))
    d.signal(signal.SIGHUP)
    d.wait_metric(1, "picketd_config_last_reload_successful")
    d.wait_metric(2, "picketd_rules", state="loaded")
    one, two = both("after")
    settle([(ONE, u) for u in one] + [(TWO, u) for u in two])
    syslog_line.close()
    http_line.close()


def reload_keeps_the_windows(place):
    from events import spray, sign_in
    from generate import line
    d = place.daemon()
    start = int(time.time() * 1000) - 60000
    rows = spray(8, start=start)
    d.post("\n".join(rows[:4]))
    before = d.metric("picketd_config_last_reload_success_timestamp_seconds")
    d.signal(signal.SIGHUP)
    until(lambda: d.metric("picketd_config_last_reload_success_timestamp_seconds") > before, 10, "no reload")
    d.post("\n".join(rows[4:]))
    check(any("spray" in a["rule"]["name"].lower() for a in d.stored()), f"{[a['rule']['name'] for a in d.stored()]}")


def reload_under_load_loses_no_answer(place):
    d = place.daemon()
    stop, bad, sent = threading.Event(), [], []

    def client():
        c = http.client.HTTPConnection("127.0.0.1", d.port("http"), timeout=30)
        while not stop.is_set():
            body = risky()
            status = request(c, body)[0]
            (sent if status == 200 else bad).append(user_of(body))
    threads = [threading.Thread(target=client) for _ in range(3)]
    for t in threads:
        t.start()
    for n in range(10):
        before = d.metric("picketd_config_last_reload_success_timestamp_seconds")
        count = len(sent)
        d.signal(signal.SIGHUP)
        until(lambda: d.metric("picketd_config_last_reload_success_timestamp_seconds") > before and len(sent) > count, 15, "no reload")
    stop.set()
    for t in threads:
        t.join(30)
    equal(bad, [], "refused")
    equal({a["user"]["name"] for a in d.stored()}, set(sent), "alerts")


def broken_rule_at_start_is_skipped_and_shown(place):
    folder = _rules(place, one=RULE % dict(title="One", id=ONE, user="one-"), broken="title: [\n")
    d = place.daemon({"rules": {"dirs": [folder]}})
    equal((d.metric("picketd_rules", state="loaded"), d.metric("picketd_rules", state="error")), (1, 1), "rules")
    equal(sum(v for k, v in d.metrics().items() if k[0] == "picketd_degraded"), 1, "degraded")
    body = quiet(user="one-x@x.example")
    d.post(body)
    equal(_fired(d), {(ONE, "one-x@x.example")}, "the others go on")


def sigterm_drains(place):
    go = place.path("go")
    d = place.daemon(env={"PICKETD_FAULTS": f"store.hold=hold:{go}"})
    body = risky()
    answer = []
    t = threading.Thread(target=lambda: answer.append(d.post(body, timeout=40)))
    t.start()
    until(lambda: d.metric("picketd_rule_matches_total", rule=SEED) == 1, 10, "evaluated")
    d.signal(signal.SIGTERM)

    def refused():
        try:
            socket.create_connection(("127.0.0.1", d.port("http")), timeout=2).close()
            return False
        except OSError:
            return True
    until(refused, 10, "still accepting")
    place.write("go", "")
    t.join(40)
    equal(d.wait_exit(30), 0, "exit")
    equal([a[0] for a in answer], [200], "the request in flight")
    equal({a["user"]["name"] for a in d.stored()}, {user_of(body)}, "stored")


def second_sigterm_stops_at_once(place):
    d = place.daemon(env={"PICKETD_FAULTS": f"store.hold=hold:{place.path('never')}"})
    t = threading.Thread(target=lambda: _try(d, risky()), daemon=True)
    t.start()
    until(lambda: d.metric("picketd_rule_matches_total", rule=SEED) == 1, 10, "evaluated")
    at = time.monotonic()
    d.signal(signal.SIGTERM)
    until(lambda: _closed(d), 10, "still accepting")
    d.signal(signal.SIGTERM)
    d.process.wait(15)
    check(time.monotonic() - at < 15, "at once")
    d.wait_exit(5)


def _try(d, body):
    try:
        d.post(body, timeout=40)
    except (OSError, http.client.HTTPException):
        pass


def _closed(d):
    try:
        socket.create_connection(("127.0.0.1", d.port("http")), timeout=2).close()
        return False
    except OSError:
        return True


class _Notify:
    def __init__(self, place):
        self.path = place.path("notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.seen = []

    def wait(self, word, seconds=15):
        deadline = within(seconds)
        while not any(word in m for m in self.seen):
            self.socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                self.seen.append(self.socket.recv(4096).decode())
            except TimeoutError:
                raise AssertionError(f"no {word}; seen {self.seen}") from None

    def close(self):
        self.socket.close()


def service_manager_is_told_ready_reloading_and_stopping(place):
    n = place.add(_Notify(place))
    d = place.daemon(env={"NOTIFY_SOCKET": n.path})
    n.wait("READY=1")
    n.seen.clear()
    d.signal(signal.SIGHUP)
    n.wait("RELOADING=1")
    check(any("MONOTONIC_USEC=" in m for m in n.seen), "RELOADING carries MONOTONIC_USEC")
    n.wait("READY=1")
    d.signal(signal.SIGTERM)
    n.wait("STOPPING=1")
    equal(d.wait_exit(30), 0, "exit")


def failed_reload_is_told_to_the_service_manager(place):
    folder = _rules(place, one=RULE % dict(title="One", id=ONE, user="one-"))
    n = place.add(_Notify(place))
    d = place.daemon({"rules": {"dirs": [folder]}}, env={"NOTIFY_SOCKET": n.path})
    n.wait("READY=1")
    n.seen.clear()
    _rules(place, broken="title: [\n")
    d.signal(signal.SIGHUP)
    n.wait("READY=1")
    d.wait_metric(0, "picketd_config_last_reload_successful")
    n.wait("STATUS=")


def watchdog_is_fed(place):
    n = place.add(_Notify(place))
    place.daemon(env={"NOTIFY_SOCKET": n.path, "WATCHDOG_USEC": "1000000"})
    n.wait("READY=1")
    n.seen.clear()
    n.wait("WATCHDOG=1")
    n.seen.clear()
    n.wait("WATCHDOG=1")


def socket_activation_serves_the_first_connection(place):
    program = need("systemd-socket-activate")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    d = place.daemon({"listeners": {"http": {"address": "fd:http", "insecure": True}}}, start=False)
    d.wrapper = [program, "-l", f"127.0.0.1:{port}", "--fdname=http"]
    d.start(ready=False)
    d.log.wait(lambda t: "Listening on" in t, 15, "Listening on")
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    equal(request(c, quiet())[0], 200, "answer")
    c.close()
    d.wrapper = []
    equal(d.stop(), 0, "exit")


def health_and_readiness_answer(place):
    d = place.daemon()
    equal(d.admin("/healthz")[0], 200, "/healthz")
    equal(d.admin("/readyz")[0], 200, "/readyz")
    status, headers, text = d.admin("/metrics")
    equal(status, 200, "/metrics")
    check(headers["content-type"].startswith("text/plain; version=0.0.4"), headers["content-type"])
    check(text.count("# TYPE") > 20, "types")
    status, headers, text = d.admin("/metrics", {"Accept": "application/openmetrics-text; version=1.0.0"})
    check(headers["content-type"].startswith("application/openmetrics-text"), headers["content-type"])
    check(text.endswith("# EOF\n"), "OpenMetrics ends with # EOF")
    equal(d.admin("/nothing")[0], 404, "another path")


def dead_webhook_does_not_make_it_unready(place):
    d = place.daemon({"targets": [{"name": "soc", "url": "http://127.0.0.1:9/", "allow_plain": True,
                                   "secrets": ["file:" + place.path("signing.key")]}]})
    equal(d.post(risky())[0], 200, "answer")
    equal(d.admin("/readyz")[0], 200, "/readyz")


def health_answers_while_the_store_is_held(place):
    d = place.daemon(env={"PICKETD_FAULTS": f"store.hold=hold:{place.path('go')}"})
    t = threading.Thread(target=lambda: _try(d, risky()), daemon=True)
    t.start()
    until(lambda: d.metric("picketd_rule_matches_total", rule=SEED) == 1, 10, "evaluated")
    equal(d.admin("/healthz", timeout=2)[0], 200, "/healthz")
    place.write("go", "")
    t.join(30)


def silent_source_is_warned_about_once(place):
    d = place.daemon({"input": {"quiet_after": {"SignInLogs": "1s"}}})
    d.post(quiet())

    def warned(text):
        e = d.parse(text)
        return e if e and e.get("category") == "SignInLogs" and ("quiet" in e.get("message", "") or "silent" in e.get("message", "")) \
            else None
    at, e = d.log.wait(warned, 15, "a warning of the silent source")
    check(abs(d.metric("picketd_source_last_event_timestamp_seconds", category="SignInLogs") - time.time()) < 60, "metric")
    d.stop()
    equal(len([t for t in d.log.lines if warned(t)]), 1, "warnings")


def unknown_shape_and_hidden_risk_are_each_warned_about_once(place):
    d = place.daemon()
    for _ in range(3):
        d.post('{"no":"sign-in","at":"all"}')
        d.post("\n".join(quiet(risk_level="hidden", risk_state="none") for _ in range(40)))
    d.stop()
    unknown = [t for t in d.log.lines if "shape" in (d.parse(t) or {}).get("message", "")]
    hidden = [t for t in d.log.lines if "hidden" in (d.parse(t) or {}).get("message", "")]
    equal((len(unknown), len(hidden)), (1, 1), f"warnings {unknown} {hidden}")


def restart_marks_the_windows_partial(place):
    d = place.daemon()
    d.post(risky())
    equal(d.stop(), 0, "exit")
    d.start()
    body = risky()
    d.post(body)
    a = next(x for x in d.stored() if x["user"]["name"] == user_of(body))
    equal(a["context"]["ip"]["window_state"], "partial", "state")


def log_formats_are_json_and_logfmt(place):
    import json
    d = place.daemon()
    d.stop()
    for text in d.log.lines:
        json.loads(text)
    e = place.daemon({"log": {"format": "logfmt"}}, start=False, name="logfmt")
    e.start(ready=False)
    e.log.wait(lambda t: "message=ready" in t or 'message="ready"' in t or "msg=ready" in t, 15, "ready")
    equal(e.stop(), 0, "exit")


def tor_exit_list_is_refreshed_without_restart(place):
    """An address that joins the list is known from the next sign-in on, one that leaves it no more."""
    from events import quiet
    file = place.write("tor_exits.txt", "198.51.100.9\n")
    d = place.daemon({"rules": {"lists": {"tor_exits": file}}})

    def found():
        return sorted(a["src"]["ip"] for a in d.stored() if a["rule"]["id"] == "8e2d47b0-6f13-4a9c-b5e8-1c70d93fa264")
    d.post("\n".join([quiet(ip="198.51.100.9"), quiet(ip="203.0.113.44")]))
    equal(found(), ["198.51.100.9"], "before")
    place.write("tor_exits.txt", "203.0.113.0/24  # the network\n")
    before = d.metric("picketd_config_last_reload_success_timestamp_seconds")
    d.signal(signal.SIGHUP)
    until(lambda: d.metric("picketd_config_last_reload_success_timestamp_seconds") > before, 10, "no reload")
    d.post("\n".join([quiet(ip="198.51.100.9"), quiet(ip="203.0.113.44")]))
    equal(found(), ["198.51.100.9", "203.0.113.44"], "after")
