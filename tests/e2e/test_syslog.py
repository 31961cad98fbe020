"""TCP syslog: framing, headers, real clients."""
import os
import signal
import socket
import subprocess
import time

from events import quiet, risky, user_of
from harness import SLOW, check, equal, need, octet, run, until

HEAD_5424 = "<134>1 2026-11-22T20:00:00.000Z relay app 77 ID1 [origin@32473 software=\"x \\\" ]y\"] "
HEAD_3164 = "<134>Nov 22 20:00:00 relay app[77]: "


def _users(daemon, count, seconds=15):
    until(lambda: len(daemon.stored()) >= count, seconds, lambda: f"{len(daemon.stored())} alerts stored, {count} wanted")
    return {a["user"]["name"] for a in daemon.stored()}


def _expect(place, frames, texts):
    d = place.daemon()
    d.syslog(frames)
    equal(_users(d, len(texts)), {user_of(t) for t in texts}, "users")


def octet_counting_with_rfc5424_header(place):
    texts = [risky() for _ in range(3)]
    _expect(place, b"".join(octet(HEAD_5424 + t) for t in texts), texts)


def octet_counting_with_rfc3164_header(place):
    texts = [risky() for _ in range(3)]
    _expect(place, b"".join(octet(HEAD_3164 + t) for t in texts), texts)


def newline_framing_with_rfc5424_header(place):
    texts = [risky() for _ in range(3)]
    _expect(place, "".join(HEAD_5424 + t + "\n" for t in texts).encode(), texts)


def newline_framing_with_rfc3164_header(place):
    texts = [risky() for _ in range(3)]
    _expect(place, "".join(HEAD_3164 + t + "\n" for t in texts).encode(), texts)


def bare_json_lines(place):
    texts = [risky() for _ in range(3)]
    _expect(place, "".join(t + "\n" for t in texts).encode(), texts)


def cee_cookie_in_both_headers(place):
    texts = [risky() for _ in range(3)]
    _expect(place, (HEAD_5424 + "@cee:" + texts[0] + "\n" + HEAD_3164 + "@cee: " + texts[1] + "\n" + "@cee:" + texts[2] + "\n").encode(),
            texts)


def byte_order_mark_before_the_message(place):
    texts = [risky()]
    _expect(place, octet(HEAD_5424 + "\ufeff" + texts[0]), texts)


def last_line_without_newline_counts(place):
    texts = [risky(), risky()]
    _expect(place, "\n".join(texts).encode(), texts)


def message_of_nearly_2_MiB_is_taken(place):
    texts = [risky() for _ in range(600)]
    body = '{"records":[' + ",".join(texts) + "]}"
    check(1_500_000 < len(body) < 2_097_000, f"made {len(body)} bytes")
    _expect(place, octet(HEAD_5424 + body), texts)


def bytes_arriving_one_at_a_time_are_joined(place):
    d = place.daemon()
    text = risky()
    with socket.create_connection(("127.0.0.1", d.port("syslog")), timeout=20) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for b in octet(HEAD_5424 + text):
            s.sendall(bytes([b]))
    equal(_users(d, 1), {user_of(text)}, "users")


def truncated_json_is_counted_and_the_stream_goes_on(place):
    d = place.daemon()
    good = [risky(), risky()]
    cut = quiet()[:700]
    with socket.create_connection(("127.0.0.1", d.port("syslog")), timeout=20) as s:
        s.sendall(octet(HEAD_5424 + good[0]) + octet(HEAD_5424 + cut) + octet(HEAD_5424 + good[1]))
        equal(_users(d, 2), {user_of(t) for t in good}, "users")
    rejected = {k: v for k, v in d.metrics().items() if k[0] == "picketd_events_rejected_total"
                and dict(k[1]).get("listener") == "syslog"}
    equal(sum(rejected.values()), 1, f"rejected {rejected}")
    equal([dict(k[1])["reason"] for k in rejected if rejected[k]], ["truncated"], "reason")


def broken_frame_is_counted_and_later_frames_stand(place):
    d = place.daemon({"listeners": {"syslog": [{"address": "127.0.0.1:0", "max_frame": "4KiB"}]}})
    good = risky()
    d.syslog(octet("x" * 5000) + octet(HEAD_5424 + good))
    equal(_users(d, 1), {user_of(good)}, "users")
    errors = {k: v for k, v in d.metrics().items() if k[0] == "picketd_syslog_frame_errors_total"}
    equal(sum(errors.values()), 1, f"frame errors {errors}")


def text_that_is_no_json_is_counted(place):
    d = place.daemon()
    good = risky()
    d.syslog((HEAD_3164 + "sshd: Accepted publickey for root\n" + good + "\n").encode())
    equal(_users(d, 1), {user_of(good)}, "users")
    rejected = sum(v for k, v in d.metrics().items() if k[0] == "picketd_events_rejected_total")
    equal(rejected, 1, "rejected")


def peer_that_is_not_allowed_is_closed(place):
    d = place.daemon({"listeners": {"syslog": [{"address": "127.0.0.1:0", "allow": ["10.0.0.0/8"]}]}})
    with socket.create_connection(("127.0.0.1", d.port("syslog")), timeout=10) as s:
        s.settimeout(10)
        try:
            equal(s.recv(1), b"", "closed")
        except ConnectionResetError:
            pass
    equal(d.metric("picketd_events_received_total", listener="syslog", format="entra-diagnostic"), 0, "events")


def logger_over_tcp_octet_counted(place):
    _logger(place, "--octet-count")


def logger_over_tcp_newline(place):
    _logger(place)


def _logger(place, *options):
    d = place.daemon()
    texts = [risky(), risky()]
    for t in texts:
        out = run([need("logger"), "-T", "-n", "127.0.0.1", "-P", str(d.port("syslog")), "--size", "64KiB", "--rfc5424", *options,
                   "-t", "relay", "--", t])
        check(out.returncode == 0, f"logger: {out.stderr}")
    equal(_users(d, 2), {user_of(t) for t in texts}, "users")


def rsyslog_forwards_octet_counted(place):
    _rsyslog(place, "octet-counted")


def rsyslog_forwards_newline_framed(place):
    _rsyslog(place, "traditional")


class _Process:
    def __init__(self, process):
        self.process = process

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)


def _rsyslog(place, framing):
    """A real rsyslogd of our own: JSON lines from a file's end to omfwd."""
    d = place.daemon()
    texts = [risky(pad=20) for _ in range(5)]  # about 7 KB each: above rsyslog's default of 8 KB lie some records
    long = risky(pad=60)
    check(len(long) > 9000, "a record beyond rsyslog's default size")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = place.write("rsyslog.conf", f"""
global(workDirectory="{place.dir}" maxMessageSize="256k")
module(load="imptcp")
input(type="imptcp" address="127.0.0.1" port="{port}" ruleset="out")
template(name="msg5424" type="string" string="<%PRI%>1 %TIMESTAMP:::date-rfc3339% %HOSTNAME% %APP-NAME% - - - %msg%\\n")
ruleset(name="out") {{
  action(type="omfwd" target="127.0.0.1" port="{d.port('syslog')}" protocol="tcp" template="msg5424"
         TCP_Framing="{framing}" action.resumeRetryCount="-1" action.resumeInterval="1")
}}
""")
    child = subprocess.Popen([need("rsyslogd"), "-n", "-f", config, "-i", place.path("rsyslog.pid")],
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    place.add(_Process(child))

    def connect():
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=5)
        except ConnectionRefusedError:
            check(child.poll() is None, f"rsyslogd ended: {child.stderr.read().decode() if child.poll() is not None else ''}")
            return None
    with until(connect, 15, "rsyslogd does not listen") as s:
        for t in texts + [long]:
            s.sendall((HEAD_3164 + t + "\n").encode())
    equal(_users(d, 6, 30), {user_of(t) for t in texts + [long]}, "users")
