"""Every option of the table: another value, and the behaviour that follows."""
import json
import os
import re
import signal
import socket
import ssl
import threading
import time

from events import id_of, quiet, record, report, risky, sign_in, user_of
from generate import START_MS, TENANT, line
from harness import (BINARY, KEY_BYTES, SEED, TOKEN, TOP, Receiver, Skip, check, equal, gz, need, octet, read_until, run, until)

# Options whose other value another test sets and judges.
ELSEWHERE = {
    "CONFIG version": "broken_configuration_at_start_exits_78",
    "CONFIG listeners.http.auth.tokens": "token_is_taken_as_bearer_and_refused_otherwise",
    "CONFIG listeners.http.max_connections": "metric_connections_refused_counts_those_beyond_the_limit",
    "CONFIG listeners.http.max_body": "too_large_body_gets_413",
    "CONFIG listeners.http.max_inflight": "full_buffers_get_503_with_retry_after",
    "CONFIG listeners.http.max_records": "too_many_records_get_413_and_the_first_stand",
    "CONFIG listeners.syslog": "peer_that_is_not_allowed_is_closed",
    "CONFIG input.quiet_after": "silent_source_is_warned_about_once",
    "CONFIG rules.dirs": "reload_is_atomic_and_keeps_connections",
    "CONFIG rules.tuning": "tuning_and_lists_reload_without_losing_a_window",
    "CONFIG rules.disabled": "metric_rules_counts_loaded_and_disabled",
    "CONFIG windows.memory": "metric_window_evictions_counts_under_pressure",
    "TARGET include_suppressed": "suppressed_alerts_are_kept_and_sent_only_where_asked",
    "CONFIG targets": "every_target_gets_every_alert",
    "CONFIG limits.max_regex_steps": "metric_rule_errors_counts_a_regex_over_its_limit",
    "CONFIG log.format": "log_formats_are_json_and_logfmt",
    "TOKEN secret": "token_is_taken_as_bearer_and_refused_otherwise",
    "SYSLOG allow": "peer_that_is_not_allowed_is_closed",
    "SYSLOG max_frame": "broken_frame_is_counted_and_later_frames_stand",
    "TARGET url": "every_target_gets_every_alert",
    "TARGET name": "every_target_gets_every_alert",
    "TARGET allow_plain": "check_names_file_line_column_and_reason_of_a_broken_configuration",
    "TARGET min_score": "min_score_keeps_lower_alerts_from_a_target",
    "TARGET order": "backlog_goes_out_in_order_of_arrival_when_asked",
    "TARGET timeout": "slow_receiver_times_out_and_gets_it_again",
}
HERE = {}


def option(*names):
    def mark(test):
        for n in names:
            HERE[n] = test.__name__
        return test
    mark.is_test = False
    return mark


option.is_test = False


def _http(**more):
    return {"listeners": {"http": more}}


def _syslog(**more):
    return {"listeners": {"syslog": [dict({"address": "127.0.0.1:0"}, **more)]}}


def _target(place, url, **more):
    return {"targets": [dict({"name": "soc", "url": url, "allow_plain": True, "secrets": ["file:" + place.path("signing.key")]}, **more)]}


def _rule(place, product="vendor", service="thing"):
    place.write("rules/r.yml", "title: Vendor\nid: 11111111-0000-4000-8000-0000000000cc\nlogsource: {product: %s, service: %s}\n"
                "detection:\n  s: {colour: red}\n  condition: s\nlevel: high\n" % (product, service))
    return {"dirs": [place.path("rules")]}


def _waits(daemon, seconds):
    """The daemon's clock is to move on by this much."""
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() > end, seconds + 5, "time stands still")


def _closed_after(daemon, listener, data, seconds=8):
    """What came back on a connection that sent this and then stayed silent, once the daemon closed it."""
    with socket.create_connection(("127.0.0.1", daemon.port(listener)), timeout=20) as s:
        s.sendall(data)
        return read_until(s, lambda b: False, seconds)


@option("CONFIG instance")
def config_instance_stands_in_the_alert(place):
    d = place.daemon({"instance": "det-7"})
    d.post(risky())
    equal(d.stored()[0]["producer"]["instance"], "det-7", "instance")


@option("CONFIG listeners.http.address", "SYSLOG address", "CONFIG listeners.admin.address")
def config_addresses_are_those_listened_on(place):
    d = place.daemon({"listeners": {"http": {"address": "127.0.0.2:0"}, "syslog": [{"address": "127.0.0.3:0"}],
                                    "admin": {"address": "127.0.0.4:0"}}})
    for host, listener in (("127.0.0.2", "http"), ("127.0.0.3", "syslog"), ("127.0.0.4", "admin")):
        socket.create_connection((host, d.port(listener)), timeout=10).close()
        try:
            socket.create_connection(("127.0.0.1", d.port(listener)), timeout=10).close()
        except ConnectionRefusedError:
            continue
        raise AssertionError(f"{listener} listens on 127.0.0.1 too")


@option("CONFIG listeners.http.insecure", "SYSLOG insecure")
def config_insecure_is_needed_beyond_loopback(place):
    for listeners in ({"http": {"address": "0.0.0.0:0"}}, {"syslog": [{"address": "0.0.0.0:0"}]}):
        d = place.daemon({"listeners": listeners}, start=False)
        out = d.run("--check")
        equal(out.returncode, 78, f"{listeners}: {out.stdout}")
        check("insecure" in out.stdout + out.stderr, out.stdout + out.stderr)
        if "http" in listeners:
            d.config["listeners"]["http"]["insecure"] = True
        else:
            d.config["listeners"]["syslog"][0]["insecure"] = True
        d.write_config()
        out = d.run("--check")
        equal(out.returncode, 0, f"{listeners} insecure: {out.stdout}{out.stderr}")


@option("CONFIG listeners.http.max_connections_per_ip")
def config_max_connections_per_ip_refuses_the_rest(place):
    d = place.daemon(_http(max_connections_per_ip=2))
    lines = [socket.create_connection(("127.0.0.1", d.port()), timeout=10) for _ in range(4)]
    until(lambda: sum(v for k, v in d.metrics().items() if k[0] == "picketd_connections_refused_total") == 2, 10, "two refused")
    for s in lines:
        s.close()


@option("CONFIG listeners.http.header_timeout")
def config_header_timeout_ends_a_slow_head(place):
    d = place.daemon(_http(header_timeout="200ms"))
    check(_closed_after(d, "http", b"POST /v1/events HTTP/1.1\r\nHost: x\r\n").startswith(b"HTTP/1.1 408"), "408")


@option("CONFIG listeners.http.body_timeout")
def config_body_timeout_ends_a_slow_body(place):
    d = place.daemon(_http(body_timeout="200ms", min_rate=0))
    check(_closed_after(d, "http", b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n{").startswith(b"HTTP/1.1 408"), "408")


@option("CONFIG listeners.http.min_rate")
def config_min_rate_ends_a_trickle(place):
    d = place.daemon(_http(min_rate="64MiB"))
    check(_closed_after(d, "http", b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n{", 25).startswith(b"HTTP/1.1 408"), "408")


@option("CONFIG listeners.http.idle_timeout")
def config_idle_timeout_closes_an_idle_connection(place):
    d = place.daemon(_http(idle_timeout="200ms"))
    body = quiet().encode()
    answer = _closed_after(d, "http", b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    check(answer.startswith(b"HTTP/1.1 200") and answer.count(b"HTTP/1.1") == 1, f"{answer[:80]!r}")


@option("CONFIG listeners.http.max_decompressed")
def config_max_decompressed_bounds_a_gzip_body(place):
    d = place.daemon(_http(max_decompressed="64KiB"))
    body = "\n".join(quiet() for _ in range(60))
    status, _, answer = d.post(gz(body), {"Content-Encoding": "gzip"})
    equal((status, answer["code"]), (413, "decompression"), f"{answer}")
    equal(d.post(gz(quiet()), {"Content-Encoding": "gzip"})[0], 200, "a small one")


@option("CONFIG listeners.http.max_ratio")
def config_max_ratio_bounds_a_gzip_body(place):
    body = gz("\n".join([quiet(pad=5)] * 800))
    equal(place.daemon(_http(max_ratio=1000), name="wide").post(body, {"Content-Encoding": "gzip"})[0], 200, "ratio 1000")
    status, _, answer = place.daemon(_http(max_ratio=2)).post(body, {"Content-Encoding": "gzip"})
    equal((status, answer["code"]), (413, "decompression"), f"ratio 2: {answer}")


@option("CONFIG listeners.http.source", "SYSLOG source", "TOKEN source")
def config_source_routes_events_of_no_known_shape(place):
    source, event = {"product": "vendor", "service": "thing"}, '{"colour":"red","n":%d}'
    d = place.daemon(dict(_http(source=source), rules=_rule(place)))
    d.post(event % 1)
    equal(len(d.stored()), 1, "by HTTP")
    d.syslog((event % 2 + "\n").encode())
    equal(len(d.stored()), 1, "the syslog listener names none")
    e = place.daemon({"listeners": {"syslog": [{"address": "127.0.0.1:0", "source": source}],
                                    "http": {"auth": {"tokens": [{"id": "a", "secret": "file:" + place.path("token"), "source": source}]}}},
                      "rules": _rule(place)}, name="second")
    e.syslog((event % 3 + "\n").encode())
    until(lambda: len(e.stored()) == 1, 10, "by syslog")
    e.post(event % 4, {"Authorization": "Bearer " + TOKEN})
    equal(len(e.stored()), 2, "by the token's source")


@option("CONFIG listeners.http.tenant", "SYSLOG tenant", "TOKEN tenant")
def config_tenant_stands_in_for_events_that_name_none(place):
    d = place.daemon({"listeners": {"http": {"tenant": "tenant-http"}, "syslog": [{"address": "127.0.0.1:0", "tenant": "tenant-syslog"}]}})
    d.post(risky("b", user="h@x.example"))
    d.syslog(octet(risky("b", user="s@x.example")))
    until(lambda: len(d.stored()) == 2, 10, "two alerts")
    equal({a["user"]["name"]: a["tenant_id"] for a in d.stored()}, {"h@x.example": "tenant-http", "s@x.example": "tenant-syslog"}, "tenants")
    e = place.daemon({"listeners": {"http": {"auth": {"tokens": [{"id": "a", "secret": "file:" + place.path("token"), "tenant": "of-token"}]}}}},
                     name="second")
    e.post(risky("b"), {"Authorization": "Bearer " + TOKEN})
    equal(e.stored()[0]["tenant_id"], "of-token", "tenant of the token")


@option("TOKEN id")
def config_token_ids_must_differ(place):
    d = place.daemon(_http(auth={"tokens": [{"id": "a", "secret": "file:" + place.path("token")}] * 2}), start=False)
    out = d.run("--check")
    equal(out.returncode, 78, f"twice the same id: {out.stdout}")
    d.config["listeners"]["http"]["auth"]["tokens"] = [{"id": "a", "secret": "file:" + place.path("token")}]
    d.write_config()
    equal(d.run("--check").returncode, 0, "once")


@option("CONFIG listeners.admin.token")
def config_admin_token_guards_the_metrics(place):
    d = place.daemon({"listeners": {"admin": {"token": "file:" + place.path("token")}}})
    equal(d.admin("/metrics")[0], 401, "without")
    equal(d.admin("/metrics", {"Authorization": "Bearer " + TOKEN})[0], 200, "with")


@option("CONFIG input.schemas")
def config_schemas_decide_what_is_known(place):
    os.mkdir(place.path("none"))
    d = place.daemon({"input": {"schemas": [place.path("none")]}})
    d.post(risky())
    equal(d.stored(), [], "no shape is known, so nothing fires")
    equal(d.metric("picketd_events_received_total", listener="http", format="generic"), 1, "generic")


@option("CONFIG input.result_codes")
def config_result_codes_class_the_outcomes(place):
    with open(os.path.join(TOP, "conf", "result-codes.yaml"), encoding="utf-8") as f:
        text = f.read()
    check("50126" in text, "the table has 50126")
    path = place.write("codes.yaml", text.replace("50126", "59999"))
    d = place.daemon({"input": {"result_codes": path}})
    ip = "198.51.100.77"
    for code in (50126, 59999):
        d.post(quiet(ip=ip, code=code))
    d.post(risky(ip=ip))
    equal(d.stored()[0]["context"]["ip"]["failures"], 1, "failures")
    equal(d.stored()[0]["context"]["ip"]["attempts"], 3, "attempts")


@option("CONFIG input.max_record")
def config_max_record_refuses_larger_ones(place):
    d = place.daemon({"input": {"max_record": "8KiB"}})
    answer = d.post(quiet() + "\n" + quiet(pad=60))[2]
    equal((answer["accepted"], answer["rejected"], answer["errors"][0]["code"]), (1, 1, "record_too_large"), f"{answer}")


@option("CONFIG input.max_depth")
def config_max_depth_refuses_deeper_ones(place):
    d = place.daemon({"input": {"max_depth": 8}})
    answer = d.post(quiet() + "\n" + '{"a":' * 9 + "1" + "}" * 9)[2]
    equal((answer["accepted"], answer["rejected"], answer["errors"][0]["code"]), (1, 1, "depth"), f"{answer}")


@option("CONFIG input.max_future")
def config_max_future_allows_clocks_ahead(place):
    d = place.daemon({"input": {"max_future": "2h"}})
    d.post(risky(time_ms=int(time.time() * 1000) + 3600000))
    equal(d.stored()[0]["anomalies"], [], "an hour ahead is allowed")
    e = place.daemon({"input": {"max_future": "1m"}}, name="second")
    e.post(risky(time_ms=int(time.time() * 1000) + 3600000))
    equal(e.stored()[0]["anomalies"], ["future"], "an hour ahead is flagged")


@option("CONFIG input.lateness")
def config_lateness_decides_what_is_late(place):
    d = place.daemon({"input": {"lateness": "1m"}})
    d.post(quiet())
    d.post(risky(time_ms=int(time.time() * 1000) - 600000))
    equal(d.stored()[0]["anomalies"], ["late"], "ten minutes are late")
    e = place.daemon({"input": {"lateness": "1h"}}, name="second")
    e.post(quiet())
    e.post(risky(time_ms=int(time.time() * 1000) - 600000))
    equal(e.stored()[0]["anomalies"], [], "ten minutes are not late")


@option("CONFIG input.dedup_ttl")
def config_dedup_ttl_forgets_ids(place):
    d = place.daemon({"input": {"dedup_ttl": "1s"}})
    body = quiet()
    d.post(body)
    equal(d.post(body)[2]["duplicates"], 1, "at once")
    _waits(d, 2.5)
    equal(d.post(body)[2]["duplicates"], 0, "after the ttl")


@option("CONFIG input.dedup_max")
def config_dedup_max_forgets_the_oldest_ids(place):
    d = place.daemon({"input": {"dedup_max": 1024}})
    body = quiet()
    d.post(body)
    d.post("\n".join(quiet() for _ in range(6000)))
    equal(d.post(body)[2]["duplicates"], 0, "after six thousand others")
    e = place.daemon(name="second")
    e.post(body)
    e.post("\n".join(quiet() for _ in range(6000)))
    equal(e.post(body)[2]["duplicates"], 1, "with the default")


@option("CONFIG windows.span")
def config_windows_span_bounds_the_context(place):
    d = place.daemon({"windows": {"span": "1m"}})
    now, ip = int(time.time() * 1000), "198.51.100.78"
    d.post("\n".join([quiet(ip=ip, code=50126, time_ms=now - 120000), quiet(ip=ip, code=50126, time_ms=now - 30000), risky(ip=ip, time_ms=now)]))
    c = d.stored()[0]["context"]["ip"]
    equal((c["window_s"], c["failures"]), (60, 1), "context")


_WINDOW_RULE = """title: Pair
id: 11111111-0000-4000-8000-0000000000d4
level: high
logsource: {product: azure, service: signinlogs}
detection:
  pair: {window.pair.attempts|gte: 2}
  condition: pair
"""


@option("CONFIG windows.contexts", "WINDOW name", "WINDOW by", "WINDOW span", "WINDOW where")
def config_windows_contexts_are_what_rules_test(place):
    place.write("rules/r.yml", _WINDOW_RULE)
    now, ip = int(time.time() * 1000), "198.51.100.79"
    failed = {"name": "pair", "by": ["ipAddress", "userPrincipalName"], "span": "2m",
              "where": {"wrong": {"resultType": 50126}, "condition": "wrong"}}
    d = place.daemon({"windows": {"contexts": [failed]}, "rules": {"dirs": [place.path("rules")]}})
    d.post("\n".join(quiet(ip=ip, user=user, code=code, time_ms=now - ago) for user, code, ago in (
        ("a@x.example", 50126, 200000), ("a@x.example", 50126, 60000), ("b@x.example", 50126, 30000), ("a@x.example", 50074, 20000))))
    equal(d.stored(), [], "one of the key in the span")
    d.post(quiet(ip=ip, user="a@x.example", code=50126, time_ms=now))
    alert = d.stored()[0]
    w = alert["context"]["windows"]["pair"]
    equal((w["window_s"], w["attempts"], w["key"]), (120, 2, {"ipAddress": ip, "userPrincipalName": "a@x.example"}), "the window")
    d.config["windows"]["contexts"][0]["name"] = "other"
    d.write_config()
    out = d.run("--check")
    equal(out.returncode, 78, out.stdout + out.stderr)
    check("r.yml:6:10: error: there is no window of the name 'pair'" in out.stdout + out.stderr, out.stdout + out.stderr)


@option("CONFIG windows.max_span")
def config_windows_max_span_bounds_named_windows(place):
    place.write("rules/r.yml", _WINDOW_RULE + "picketd: {windows: [{name: pair, by: ipAddress, span: 8d}]}\n")
    d = place.daemon({"rules": {"dirs": [place.path("rules")]}}, start=False)
    out = d.run("--check")
    equal(out.returncode, 78, out.stdout + out.stderr)
    check("r.yml:8:55: error" in out.stdout + out.stderr, out.stdout + out.stderr)
    d.config["windows"] = {"max_span": "8d"}
    d.write_config()
    equal(d.run("--check").returncode, 0, "eight days are allowed")


@option("CONFIG windows.grace")
def config_windows_grace_is_how_long_absence_waits(place):
    place.write("rules/r.yml", """title: any
name: any_sign_in
logsource: {product: azure, service: signinlogs}
detection:
  sel: {userPrincipalName: '*'}
  condition: sel
---
title: quiet
correlation: {type: event_count, rules: any_sign_in, group-by: ipAddress, timespan: 1s, condition: {lt: 2}}
""")
    d = place.daemon({"windows": {"grace": "1s"}, "rules": {"dirs": [place.path("rules")]}})
    d.post(quiet(time_ms=int(time.time() * 1000)))
    until(lambda: d.stored(), 10, "an alert of the window's end")
    e = place.daemon({"rules": {"dirs": [place.path("rules")]}}, name="default")
    e.post(quiet(time_ms=int(time.time() * 1000)))
    equal(e.stored(), [], "with the default")


ABSENCE = """title: azure
name: azure
logsource: {product: azure, service: signinlogs}
detection: {sel: {userPrincipalName|exists: true}, condition: sel}
---
title: audited
name: audited
logsource: {product: azure, service: auditlogs}
detection: {sel: {userPrincipalName|exists: true}, condition: sel}
---
title: not audited
level: high
correlation: {type: temporal, rules: [azure, audited], group-by: userPrincipalName, timespan: 1m, condition: azure and not audited}
picketd: {confidence: high}
"""


def _absence(place, windows, minutes, tuning=()):
    """Alerts of a replay: the audit log is heard at first, then a sign-in in each of these minutes of a user whom it does not name."""
    audit = {"time": "2026-11-22T20:00:00.000Z", "category": "AuditLogs", "operationName": "Add user", "tenantId": TENANT,
             "properties": {"id": "1", "activityDisplayName": "Add user"}}
    place.write("absence/r.yml", ABSENCE)
    path = place.write("in.ndjson", "\n".join([json.dumps(audit)] + [quiet(user=f"u{m}@x.example", time_ms=START_MS + m * 60000) for m in minutes]) + "\n")
    d = place.daemon({"windows": {"grace": "1s", **windows}, "rules": {"dirs": [place.path("absence")], "tuning": list(tuning)}}, start=False, name="-".join(map(str, windows.values())) or "d")
    d.write_config()
    out = d.run("--replay", path)
    equal(out.returncode, 0, out.stderr)
    return [json.loads(line) for line in out.stdout.splitlines()]


@option("CONFIG windows.quiet_after")
def config_quiet_after_is_from_when_on_what_is_missing_has_low_confidence(place):
    equal([a["confidence"] for a in _absence(place, {}, [10, 20])], ["high", "high"], "the default")
    equal([a["confidence"] for a in _absence(place, {"quiet_after": "15m"}, [10, 20])], ["high", "low"], "quiet_after: 15m")


@option("CONFIG windows.storm_alerts", "CONFIG windows.storm_span")
def config_storm_alerts_and_span_bound_alerts_about_what_is_missing(place):
    def kept(windows):
        return [a["suppressed"] for a in _absence(place, windows, [10, 12, 14, 16])]
    equal(kept({"storm_alerts": 2}), [False, False, True, True], "two in an hour")
    equal(kept({"storm_alerts": 2, "storm_span": "3m"}), [False, False, False, False], "two in three minutes")
    equal(kept({}), [False, False, False, False], "the default")


def alerts_that_tuning_suppresses_make_no_storm(place):
    tuning = place.write("tuning/exercise.yaml", """- id: exercise
  suppress: true
  match: {users: [u10@x.example]}
  owner: ciso office
  reason: exercise
""")
    alerts = _absence(place, {"storm_alerts": 1}, [10, 12, 14], [tuning])
    equal([a["suppression"]["reason"] for a in alerts], ["tuning", None, "rate"], "why they are not sent")


@option("CONFIG state.dir")
def config_state_dir_holds_the_store(place):
    d = place.daemon()
    d.post(risky())
    check(os.listdir(d.config["state"]["dir"]), "files in the state directory")
    equal(oct(os.stat(os.path.join(d.config["state"]["dir"], sorted(os.listdir(d.config["state"]["dir"]))[0])).st_mode & 0o077), "0o0", "not for others")


@option("CONFIG state.durability")
def config_durability_async_does_not_sync_each_commit(place):
    counts = {}
    for kind in ("fsync", "async"):
        trace = place.path("trace-" + kind)
        d = place.daemon({"state": {"durability": kind}}, name=kind, env={"ASAN_OPTIONS": "detect_leaks=0"},
                         wrapper=[need("strace"), "-f", "-qq", "-e", "signal=none", "-e", "trace=fdatasync,fsync", "-o", trace])
        for _ in range(12):
            equal(d.post(risky())[0], 200, "answer")
        with open(trace, encoding="utf-8") as f:
            counts[kind] = len(re.findall(r"f(?:data)?sync\(", f.read()))
        d.stop()
    check(counts["fsync"] >= 12 and counts["async"] < 12, f"syncs {counts}")


@option("CONFIG state.commit_interval", "CONFIG state.commit_alerts")
def config_commit_waits_for_the_interval_or_the_alerts(place):
    d = place.daemon({"state": {"commit_interval": "800ms"}}, name="slow")
    begin = time.monotonic()
    d.post(risky())
    check(time.monotonic() - begin > 0.6, "one alert waits for the interval")
    e = place.daemon({"state": {"commit_interval": "900ms", "commit_alerts": 1}}, name="full")
    begin = time.monotonic()
    e.post(risky())
    check(time.monotonic() - begin < 0.8, "a full group does not wait")


@option("CONFIG state.alerts_keep")
def config_alerts_keep_drops_older_alerts(place):
    import sqlite3
    d = place.daemon({"state": {"alerts_keep": "1m"}})
    d.post(risky())
    equal(d.stop(), 0, "exit")
    for name in os.listdir(d.config["state"]["dir"]):
        path = os.path.join(d.config["state"]["dir"], name)
        with open(path, "rb") as f:
            if f.read(15) != b"SQLite format 3":
                continue
        db = sqlite3.connect(path)
        if db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'alerts'").fetchone()[0]:
            db.execute("UPDATE alerts SET stored_ms = stored_ms - 120000")  # two minutes go by
        db.commit()
        db.close()
    d.start()
    d.post(risky(user="fresh@x.example"))
    until(lambda: [a["user"]["name"] for a in d.stored()] == ["fresh@x.example"], 30, "the old alert is still there")


def _report_joins(daemon, body):
    text = report(id_of(body))
    daemon.post(text)
    return [a["related"] is not None for a in daemon.stored() if a["evidence"][-1]["event_id"].endswith(id_of(text))] == [True]


@option("CONFIG state.join_span")
def config_join_span_ends_joining(place):
    d, e = place.daemon({"state": {"join_span": "1s"}}), place.daemon(name="second")
    body = risky()
    d.post(body)
    e.post(body)
    _waits(d, 2.5)
    equal((_report_joins(d, body), _report_joins(e, body)), (False, True), "after two seconds")


@option("CONFIG state.join_max")
def config_join_max_forgets_the_oldest_alerts(place):
    d, e = place.daemon({"state": {"join_max": 1024}}), place.daemon(name="second")
    bodies = [risky() for _ in range(1030)]
    d.post("\n".join(bodies))
    e.post("\n".join(bodies))
    check(d.metric("picketd_window_evictions_total", reason="incident") >= 6, "those pushed out are counted")
    equal((_report_joins(d, bodies[0]), _report_joins(d, bodies[-1])), (False, True), "with 1024")
    equal(_report_joins(e, bodies[0]), True, "with the default")


@option("CONFIG state.disk_reserve")
def config_disk_reserve_refuses_events(place):
    """On a file system of its own of 64 MiB: the reserve is at most 5 % of it."""
    disk = place.path("disk")
    os.makedirs(disk)
    mounted = run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk])
    if mounted.returncode:
        raise Skip("no file system of its own can be mounted here")
    try:
        d = place.daemon({"state": {"dir": disk, "disk_reserve": "3MiB"}})
        equal(d.post(quiet())[0], 200, "answer with room")
        free = os.statvfs(disk)
        with open(os.path.join(disk, "filler"), "wb") as f:
            f.write(bytes(free.f_bavail * free.f_bsize - (2 << 20)))
        until(lambda: d.admin("/readyz")[0] == 503, 20, "still ready")
        check("disk" in str(d.admin("/readyz")[2]), f"{d.admin('/readyz')[2]}")
        equal(d.post(quiet())[0], 503, "answer without room")
        os.unlink(os.path.join(disk, "filler"))
        until(lambda: d.admin("/readyz")[0] == 200, 20, "not ready again")
        d.stop()
    finally:
        run(["umount", "-l", disk])


@option("CONFIG limits.threads")
def config_threads_is_the_number_of_workers(place):
    counts = []
    for n in (1, 4):
        d = place.daemon({"limits": {"threads": n}}, name=f"t{n}")
        counts.append(len(os.listdir(f"/proc/{d.pid}/task")))
        equal(d.post(risky())[0], 200, "answer")
        d.stop()
    equal(counts[1] - counts[0], 3, "threads more")


@option("CONFIG log.level")
def config_log_level_hides_lesser_lines(place):
    d = place.daemon({"log": {"level": "crit"}}, start=False)
    d.start(ready=False)
    e = place.daemon({"log": {"level": "debug"}}, name="debug")
    e.post(quiet())
    e.stop()
    d.stop()
    equal([t for t in d.log.lines if "Sanitizer" not in t], [], "lines at crit")
    check(len(e.log.lines) > 3, "lines at debug")


@option("CONFIG log.rate")
def config_log_rate_bounds_repeats(place):
    d = place.daemon({"log": {"rate": 1, "level": "debug"}})
    for _ in range(60):
        try:
            d.post("nonsense")
        except OSError:
            pass  # refused: the connection before is still counted
    d.stop()
    most = {}
    for t in d.log.lines:
        m = (d.parse(t) or {}).get("message")
        most[m] = most.get(m, 0) + 1
    check(max(most.values()) < 30, f"{sorted(most.items(), key=lambda x: -x[1])[:3]}")


@option("SYSLOG framing")
def config_framing_is_not_guessed_when_named(place):
    d = place.daemon(_syslog(framing="lf"))
    a, b = risky(user="42 a@x.example"), risky()
    d.syslog((a + "\n" + b + "\n").encode())
    until(lambda: len(d.stored()) == 2, 10, "lines")
    e = place.daemon(_syslog(framing="octet"), name="octet")
    e.syslog((risky() + "\n").encode())
    equal(e.stored(), [], "a line is no octet-counted frame")
    check(sum(v for k, v in e.metrics().items() if k[0] == "picketd_syslog_frame_errors_total") >= 1, "counted")


@option("SYSLOG max_connections")
def config_syslog_max_connections_refuses_the_rest(place):
    d = place.daemon(_syslog(max_connections=2))
    lines = [socket.create_connection(("127.0.0.1", d.port("syslog")), timeout=10) for _ in range(5)]
    until(lambda: sum(v for k, v in d.metrics().items() if k[0] == "picketd_connections_refused_total"
                      and dict(k[1])["listener"] == "syslog") == 3, 10, "three refused")
    for s in lines:
        s.close()


@option("SYSLOG idle_timeout")
def config_syslog_idle_timeout_closes(place):
    d = place.daemon(_syslog(idle_timeout="200ms"))
    equal(_closed_after(d, "syslog", b""), b"", "closed in silence")


@option("CONFIG rules.lists")
def config_lists_are_read_and_reloaded(place):
    """Relative to the configuration's folder; a broken list refuses the reload and the old one stays."""
    d = place.daemon({"rules": {"lists": {"tor": "lists/tor.txt"}}}, start=False)
    out = d.run("--check")
    equal(out.returncode, 78, "a list that is missing")
    check("tor.txt: error: cannot be opened" in out.stdout + out.stderr, out.stdout + out.stderr)
    folder = os.path.dirname(d.config_path)
    os.makedirs(os.path.join(folder, "lists"), exist_ok=True)
    file = os.path.join(folder, "lists", "tor.txt")

    def put(text):
        with open(file, "w") as f:
            f.write(text)

    def ruleset():
        return {dict(k[1])["sha256"] for k, v in d.metrics().items() if k[0] == "picketd_ruleset_info" and v == 1}
    put("192.0.2.7\n")
    equal(d.run("--check").returncode, 0, "a list that is there")
    d.start()
    first = ruleset()
    put("192.0.2.7\n198.51.100.0/24 # new\n")
    d.signal(signal.SIGHUP)
    until(lambda: ruleset() != first, 10, "the digest tells of the new list")
    second = ruleset()
    put("a\x00b\n")
    d.signal(signal.SIGHUP)
    d.wait_metric(0, "picketd_config_last_reload_successful")
    equal(ruleset(), second, "the running list stays")


@option("TARGET preset")
def config_preset_is_checked(place):
    d = place.daemon(_target(place, "http://127.0.0.1:9/", preset="slack"), start=False)
    equal(d.run("--check").returncode, 78, "slack does not exist yet")
    d.config["targets"][0]["preset"] = "generic"
    d.write_config()
    equal(d.run("--check").returncode, 0, "generic")


@option("TARGET enabled")
def config_disabled_target_gets_nothing(place):
    r = place.receiver()
    other = place.receiver()
    d = place.daemon({"targets": _target(place, r.url, enabled=False)["targets"] + _target(place, other.url, name="other")["targets"]})
    d.post(risky())
    other.wait_alerts(1)
    equal(len(r.requests), 0, "requests to the disabled target")


@option("TARGET secrets")
def config_two_secrets_both_sign(place):
    import base64
    second = bytes(range(100, 132))
    place.write("second.key", "whsec_" + base64.b64encode(second).decode() + "\n", 0o600)
    r = place.receiver()
    place.daemon(_target(place, r.url, secrets=["file:" + place.path("signing.key"), "file:" + place.path("second.key")])).post(risky())
    r.wait_alerts(1)
    equal(r.problems, [], "the first key verifies")
    r.key = second
    equal(r.verify(r.requests[0]["headers"], r.requests[0]["body"]), None, "the second key verifies")


@option("TARGET auth.bearer")
def config_bearer_is_sent(place):
    r = place.receiver()
    place.daemon(_target(place, r.url, auth={"bearer": "file:" + place.path("token")})).post(risky())
    r.wait_alerts(1)
    equal(r.requests[0]["headers"].get("authorization"), "Bearer " + TOKEN, "header")


@option("TARGET ca")
def config_ca_is_what_certificates_are_checked_against(place):
    program = need("openssl")
    key, cert = place.path("tls.key"), place.path("tls.crt")
    out = run([program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost",
               "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], 60)
    check(out.returncode == 0, out.stderr)
    r = place.receiver()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    r.server.socket = context.wrap_socket(r.server.socket, server_side=True)
    url = f"https://127.0.0.1:{r.port}/hook"
    d = place.daemon(_target(place, url), name="without")
    d.post(risky())
    d.wait_metric(1, "picketd_deliveries_total", target="soc", outcome="endpoint_fault")
    equal(len(r.requests), 0, "nothing is sent to a receiver whose certificate is unknown")
    e = place.daemon(_target(place, url, ca=cert), name="with")
    e.post(risky())
    equal(len(r.wait_alerts(1)), 1, "delivered")


@option("TARGET min_severity")
def config_min_severity_keeps_lesser_alerts_from_a_target(place):
    r = place.receiver()
    d = place.daemon(_target(place, r.url, min_severity="critical"))
    d.post(risky())
    equal((len(d.stored()), d.metric("picketd_outbox_alerts", target="soc"), len(r.requests)), (1, 0, 0), "high is stored, not sent")


@option("TARGET required", "TARGET queue_max_alerts")
def config_full_required_outbox_refuses_events_and_another_drops(place):
    d = place.daemon(_target(place, "http://127.0.0.1:9/", queue_max_alerts=10))

    def refused():
        return d.post(risky())[0] == 503
    until(refused, 15, "never refused")
    check(9 <= d.metric("picketd_outbox_alerts", target="soc") <= 12, f"{d.metric('picketd_outbox_alerts', target='soc')} wait")
    e = place.daemon(_target(place, "http://127.0.0.1:9/", queue_max_alerts=10, required=False), name="second")
    for _ in range(30):
        equal(e.post(risky())[0], 200, "answer")
    check(e.metric("picketd_outbox_alerts", target="soc") <= 12, f"{e.metric('picketd_outbox_alerts', target='soc')} wait")
    check(sum(v for k, v in e.metrics().items() if k[0] == "picketd_dead_letters_total") >= 15, "the rest are dead letters")


@option("TARGET connect_timeout")
def config_connect_timeout_ends_a_hanging_connect(place):
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    s.listen(0)
    held = []
    for _ in range(3):  # fills the accept queue; further connects hang
        c = socket.socket()
        c.setblocking(False)
        c.connect_ex(s.getsockname())
        held.append(c)
    d = place.daemon(_target(place, f"http://127.0.0.1:{s.getsockname()[1]}/", connect_timeout="100ms", timeout="60s", backoff_min="60s"))
    begin = time.monotonic()
    d.post(risky())
    d.wait_metric(1, "picketd_deliveries_total", target="soc", outcome="transient")
    check(time.monotonic() - begin < 4, "within the timeout")
    for c in held + [s]:
        c.close()


@option("TARGET backoff_min")
def config_backoff_min_is_the_first_wait(place):
    r = place.receiver(answer=lambda n, _: 500 if n == 0 else 200)
    place.daemon(_target(place, r.url, backoff_min="1500ms")).post(risky())
    r.wait_alerts(1)
    waited = r.requests[1]["at"] - r.requests[0]["at"]
    check(1.0 < waited < 4, f"waited {waited:.2f} s")


@option("TARGET backoff_max")
def config_backoff_max_bounds_the_waits(place):
    r = place.receiver(answer=lambda n, _: 500 if n < 12 else 200)
    place.daemon(_target(place, r.url, backoff_min="50ms", backoff_max="100ms")).post(risky())
    r.wait_alerts(1, 10)


@option("TARGET retry_after_max")
def config_retry_after_max_bounds_what_a_receiver_asks(place):
    r = place.receiver(answer=lambda n, _: (503, {"retry-after": "600"}) if n == 0 else 200)
    place.daemon(_target(place, r.url, retry_after_max="1s", backoff_min="50ms")).post(risky())
    r.wait_alerts(1, 10)


@option("TARGET max_age")
def config_max_age_expires_what_waits(place):
    d = place.daemon(_target(place, "http://127.0.0.1:9/", max_age="1s", backoff_min="50ms", backoff_max="200ms"))
    d.post(risky())
    d.wait_metric(1, "picketd_dead_letters_total", target="soc", reason="expired")


def every_option_of_the_table_has_a_test(place):
    from run_names import names
    with open(os.path.join(TOP, "daemon", "config", "config.def"), encoding="utf-8") as f:
        rows = [" ".join(m) for m in re.findall(r'^X\((\w+), "([a-z_.]+)"', f.read(), re.M)]
    check(len(rows) > 60, f"{len(rows)} options read")
    covered = {**ELSEWHERE, **HERE}
    equal([r for r in rows if r not in covered], [], "options without a test")
    equal([t for t in covered.values() if t not in names()], [], "tests that do not exist")
