"""Every metric of the table: one cause, one exact difference."""
import http.client
import json
import os
import re
import signal
import socket
import time

from events import quiet, risky, sign_in, spray
from generate import line
from harness import CONF, SEED, TOP, check, equal, gz, octet, request, until

CASES = {}


def _difference(name, labels, cause, amount=1, config=None, env=None, receiver=False, at_least=False, before=None):
    """A test: the cause makes the series grow by amount (a number, or a function of what the cause returned)."""
    def test(place):
        r = place.receiver() if receiver else None
        d = place.daemon(config(place) if callable(config) else config, receiver=r, env=env(place) if callable(env) else env)
        if before:
            before(d)
        start = d.metric(name, **labels)
        out = cause(d)
        want = start + (amount(out) if callable(amount) else amount)
        if at_least:
            until(lambda: d.metric(name, **labels) >= want, 10, lambda: f"{name}{labels}: {d.metric(name, **labels)} of {want}")
        else:
            d.wait_metric(want, name, **labels)
    return test


def _case(title, *args, **more):
    test = _difference(*args, **more)
    base = re.sub(r"_(count|sum)$", "", args[0]) if args[0].endswith(("_seconds_count", "_events_count")) else args[0]
    _add(title, base, test)


def _add(title, metric, test):
    key = "metric_" + title
    test.__module__, test.__name__ = __name__, key
    CASES.setdefault(metric, []).append(key)
    globals()[key] = test


def _post(body, headers=None, times=1, **more):
    def cause(d):
        for _ in range(times):
            d.post(body() if callable(body) else body, headers, **more)
    return cause


def _post_bytes(d):
    raw = quiet()
    packed = gz(raw)
    d.post(packed, {"Content-Encoding": "gzip"})
    return len(packed), len(raw)


_case("http_requests_counts_answers_by_code", "picketd_http_requests_total", {"path": "/v1/events", "code": "200"}, _post(quiet, times=3), 3)
_case("http_requests_counts_refusals_by_code", "picketd_http_requests_total", {"path": "/v1/events", "code": "400"}, _post("x", times=2), 2)
_case("http_request_duration_counts_requests", "picketd_http_request_duration_seconds_count", {"path": "/v1/events"}, _post(quiet, times=3), 3)
_case("received_bytes_counts_the_wire", "picketd_received_bytes_total", {"listener": "http", "stage": "wire"}, _post_bytes, lambda o: o[0])
_case("received_bytes_counts_what_was_decoded", "picketd_received_bytes_total", {"listener": "http", "stage": "decoded"}, _post_bytes,
      lambda o: o[1])
for _s, _f in (("a", "entra-diagnostic"), ("b", "entra-graph"), ("c", "entra-loganalytics"), ("d", "entra-ecs")):
    _case(f"events_received_counts_shape_{_s}", "picketd_events_received_total", {"listener": "http", "format": _f},
          _post(lambda s=_s: quiet(s) + "\n" + quiet(s)), 2)
_case("events_received_counts_syslog", "picketd_events_received_total", {"listener": "syslog", "format": "entra-diagnostic"},
      lambda d: d.syslog(octet(quiet()) + octet(quiet())), 2)
_case("events_rejected_counts_depth", "picketd_events_rejected_total", {"listener": "http", "reason": "depth"},
      _post(lambda: quiet() + "\n" + '{"a":' * 70 + "1" + "}" * 70), 1)
_case("events_duplicate_counts_repeats", "picketd_events_duplicate_total", {},
      lambda d: (lambda b: [d.post(b) for _ in range(3)])(quiet()), 2)
_case("events_anomalous_counts_duplicate_keys", "picketd_events_anomalous_total", {"kind": "duplicate_key"},
      _post(lambda: quiet().replace('"resultType":"0"', '"resultType":"0","resultType":"0"')), 1)
_case("events_anomalous_counts_events_of_the_future", "picketd_events_anomalous_total", {"kind": "future"},
      _post(lambda: quiet(time_ms=int(time.time() * 1000) + 3600000)), 1)
_case("events_late_counts_what_the_windows_refuse", "picketd_events_late_total", {"category": "SignInLogs"},
      _post(lambda: quiet(time_ms=int(time.time() * 1000) - 3 * 3600000)), 1, before=_post(quiet))
_case("syslog_frame_errors_counts_oversized_frames", "picketd_syslog_frame_errors_total", {"reason": "too_long"},
      lambda d: d.syslog(octet("x" * 5000)), 1, config={"listeners": {"syslog": [{"address": "127.0.0.1:0", "max_frame": "4KiB"}]}})
_case("event_lag_counts_events", "picketd_event_lag_seconds_count", {"category": "SignInLogs"}, _post(quiet, times=4), 4)
_case("commit_duration_counts_commits", "picketd_commit_duration_seconds_count", {}, _post(risky, times=3), 3)
_case("rule_matches_counts_matches", "picketd_rule_matches_total", {"rule": SEED}, _post(lambda: risky() + "\n" + quiet() + "\n" + risky()), 2)
_case("alerts_counts_alerts_by_rule_and_kind", "picketd_alerts_total", {"rule": SEED, "kind": "trigger"}, _post(risky, times=3), 3)
_case("detection_latency_counts_alerts", "picketd_detection_latency_seconds_count", {}, _post(risky, times=3), 3)
_case("window_keys_counts_addresses_and_users", "picketd_window_keys", {}, _post(quiet, times=3), 6,
      config={"rules": {"dirs": [os.path.join(CONF, "rules", "entra-compromised-account.yml")]}})  # no rule names a window of its own
_case("window_bytes_grows_with_keys", "picketd_window_bytes", {}, _post(quiet, times=3), 1, at_least=True)
_case("deliveries_counts_accepted", "picketd_deliveries_total", {"target": "soc", "outcome": "ok"}, _post(risky, times=3), 3, receiver=True)
_case("delivery_duration_counts_attempts", "picketd_delivery_duration_seconds_count", {"target": "soc"}, _post(risky, times=3), 3, receiver=True)


def _down(place):
    return {"targets": [{"name": "soc", "url": "http://127.0.0.1:9/", "allow_plain": True, "secrets": ["file:" + place.path("signing.key")]}]}


_case("outbox_alerts_counts_what_waits", "picketd_outbox_alerts", {"target": "soc"}, _post(risky, times=3), 3, config=_down)
_case("deliveries_counts_transient_failures", "picketd_deliveries_total", {"target": "soc", "outcome": "transient"}, _post(risky), 1,
      config=lambda p: {"targets": [dict(_down(p)["targets"][0], backoff_min="60s")]})
_case("target_state_shows_an_open_circuit", "picketd_target_state", {"target": "soc", "state": "open"}, _post(risky), 1,
      config=lambda p: {"targets": [dict(_down(p)["targets"][0], backoff_min="10ms", backoff_max="50ms")]})


def _test_storage_errors(place):
    d = place.daemon(env={"PICKETD_FAULTS": "store.commit=fail:1"})
    equal(d.post(risky())[0], 503, "answer")
    errors = {k: v for k, v in d.metrics().items() if k[0] == "picketd_storage_errors_total"}
    equal([(dict(k[1])["op"], v) for k, v in errors.items() if v], [("commit", 1)], "errors")


_add("storage_errors_counts_failed_commits", "picketd_storage_errors_total", _test_storage_errors)


def _test_dead_letters(place):
    r = place.receiver(answer=lambda n, _: 413)
    d = place.daemon(receiver=r)
    d.post(risky())
    until(lambda: sum(v for k, v in d.metrics().items() if k[0] == "picketd_dead_letters_total") == 1, 15, "no dead letter")
    equal(d.metric("picketd_outbox_alerts", target="soc"), 0, "waiting")


_add("dead_letters_counts_what_was_given_up", "picketd_dead_letters_total", _test_dead_letters)


def _test_build_info(place):
    from harness import BINARY, run
    d = place.daemon()
    version = run([BINARY, "--version"]).stdout.splitlines()[0].split()[1]
    equal(d.metric("picketd_build_info", version=version), 1, "build info")


_add("build_info_names_the_version", "picketd_build_info", _test_build_info)


def _test_rules(place):
    d = place.daemon()
    loaded = d.metric("picketd_rules", state="loaded")
    d.write_config({"rules": {"disabled": [SEED]}})
    d.signal(signal.SIGHUP)
    d.wait_metric(1, "picketd_rules", state="disabled")
    equal(d.metric("picketd_rules", state="loaded"), loaded - 1, "loaded")


_add("rules_counts_loaded_and_disabled", "picketd_rules", _test_rules)


def _test_ruleset(place):
    def digests():
        return [k for k, v in d.metrics().items() if k[0] == "picketd_ruleset_info" and v == 1]
    rule = "title: A\nid: 11111111-0000-4000-8000-0000000000a%d\nlogsource: {product: azure}\ndetection: {s: {a: 1}, condition: s}\n"
    place.write("rules/a.yml", rule % 1)
    d = place.daemon({"rules": {"dirs": [place.path("rules")]}})
    before = digests()
    place.write("rules/b.yml", rule % 2)
    d.signal(signal.SIGHUP)
    d.wait_metric(2, "picketd_rules", state="loaded")
    equal((len(before), len(digests())), (1, 1), "one rule set at a time")
    check(digests() != before, "its digest changed")


_add("ruleset_info_changes_with_the_rules", "picketd_ruleset_info", _test_ruleset)


def _test_reload(place):
    folder = place.path("rules")
    place.write("rules/a.yml", "title: A\nid: 11111111-0000-4000-8000-0000000000aa\nlogsource: {product: azure}\ndetection: {s: {a: 1}, condition: s}\n")
    d = place.daemon({"rules": {"dirs": [folder]}})
    first = d.metric("picketd_config_last_reload_success_timestamp_seconds")
    check(abs(first - time.time()) < 60, "time of the start")
    equal(d.metric("picketd_config_last_reload_successful"), 1, "at start")
    place.write("rules/b.yml", "title: [\n")
    d.signal(signal.SIGHUP)
    d.wait_metric(0, "picketd_config_last_reload_successful")
    equal(d.metric("picketd_config_last_reload_success_timestamp_seconds"), first, "time after a refused reload")
    os.unlink(os.path.join(folder, "b.yml"))
    d.signal(signal.SIGHUP)
    d.wait_metric(1, "picketd_config_last_reload_successful")
    check(d.metric("picketd_config_last_reload_success_timestamp_seconds") > first, "time after a good reload")


_add("last_reload_successful_follows_the_reloads", "picketd_config_last_reload_successful", _test_reload)
_add("last_reload_timestamp_moves_on_success_only", "picketd_config_last_reload_success_timestamp_seconds",
     _test_reload.__class__(_test_reload.__code__, globals()))


def _test_connections(place):
    d = place.daemon()
    for listener in ("http", "syslog"):
        start = d.metric("picketd_connections", listener=listener)
        lines = [socket.create_connection(("127.0.0.1", d.port(listener)), timeout=10) for _ in range(3)]
        d.wait_metric(start + 3, "picketd_connections", listener=listener)
        for s in lines:
            s.close()
        d.wait_metric(start, "picketd_connections", listener=listener)


_add("connections_follows_open_and_close", "picketd_connections", _test_connections)


def _test_refused(place):
    d = place.daemon({"listeners": {"http": {"max_connections": 2}}})
    lines = [socket.create_connection(("127.0.0.1", d.port("http")), timeout=10) for _ in range(5)]
    until(lambda: sum(v for k, v in d.metrics().items() if k[0] == "picketd_connections_refused_total"
                      and dict(k[1])["listener"] == "http") == 3, 10, "three refused")
    for s in lines:
        s.close()


_add("connections_refused_counts_those_beyond_the_limit", "picketd_connections_refused_total", _test_refused)


def _test_source(place):
    d = place.daemon()
    d.post(quiet())
    check(abs(d.metric("picketd_source_last_event_timestamp_seconds", category="SignInLogs") - time.time()) < 30, "arrival of the last event")


_add("source_last_event_is_the_arrival", "picketd_source_last_event_timestamp_seconds", _test_source)


def _test_disk(place):
    d = place.daemon()
    s = os.statvfs(d.config["state"]["dir"])
    free = s.f_bavail * s.f_frsize
    got = until(lambda: d.metric("picketd_disk_free_bytes"), 10, "no figure")
    check(abs(got - free) < 2 ** 31 and got > 0, f"{got} against {free}")


_add("disk_free_is_that_of_the_file_system", "picketd_disk_free_bytes", _test_disk)


def _test_rule_errors(place):
    folder = place.path("rules")
    place.write("rules/a.yml", "title: A\nid: 11111111-0000-4000-8000-0000000000ab\nlogsource: {product: azure, service: signinlogs}\n"
                "detection:\n  s: {userAgent|re: '^(([a-z])+.)+[A-Z]([a-z])+$'}\n  condition: s\n")
    d = place.daemon({"rules": {"dirs": [folder]}, "limits": {"max_regex_steps": 100}})
    d.post(quiet(agent="a" * 200))
    until(lambda: sum(v for k, v in d.metrics().items() if k[0] == "picketd_rule_errors_total") == 1, 10, "one error")


_add("rule_errors_counts_a_regex_over_its_limit", "picketd_rule_errors_total", _test_rule_errors)


def _test_evictions(place):
    d = place.daemon({"windows": {"memory": "1MiB"}})
    n = 0
    while not sum(v for k, v in d.metrics().items() if k[0] == "picketd_window_evictions_total"):
        check(n < 60, "no eviction after 60,000 users in 1 MiB")
        d.post("\n".join('{"category":"SignInLogs","time":"%s","tenantId":"t","resultType":"50126","properties":{"id":"%d","ipAddress":"10.%d.%d.%d",'
                         '"userPrincipalName":"u%d@x.example"}}' % (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), i, i >> 16 & 255,
                                                                   i >> 8 & 255, i & 255, i) for i in range(n * 1000, n * 1000 + 1000)))
        n += 1
    most = d.metric("picketd_window_bytes")
    check(most < 80 * 1048576, f"{most} bytes; the known event ids and alerts are among them")


_add("window_evictions_counts_under_pressure", "picketd_window_evictions_total", _test_evictions)


def _test_oldest(place):
    d = place.daemon(_down(place))
    equal(d.metric("picketd_outbox_oldest_timestamp_seconds", target="soc"), 0, "nothing waits")
    d.post(risky())
    until(lambda: abs(d.metric("picketd_outbox_oldest_timestamp_seconds", target="soc") - time.time()) < 30, 10, "oldest")


_add("outbox_oldest_is_the_creation_of_the_oldest", "picketd_outbox_oldest_timestamp_seconds", _test_oldest)


def _test_lost(place):
    d = place.daemon()
    d.post(risky())
    equal(sum(v for k, v in d.metrics().items() if k[0] == "picketd_lost_total"), 0, "lost")


_add("lost_stays_0", "picketd_lost_total", _test_lost)


def _test_ready(place):
    d = place.daemon()
    equal((d.metric("picketd_ready"), d.admin("/readyz")[0]), (1, 200), "ready")


_add("ready_is_what_readyz_says", "picketd_ready", _test_ready)


def _tuning(effect):
    def config(place):
        place.write("tuning/a.yaml", "- {id: metric, " + effect + ", match: {users: ['tuned@x.example']}, owner: o, reason: r}\n")
        return {"rules": {"tuning": [place.path("tuning")]}}
    return config


_case("tuning_applied_counts_a_match_that_is_gone", "picketd_tuning_applied_total", {"entry": "metric"},
      _post(lambda: risky(user="tuned@x.example"), times=3), 3, config=_tuning(f"rules: [{SEED}], selections: [risk_*]"))
_case("tuning_applied_counts_a_suppressed_alert", "picketd_tuning_applied_total", {"entry": "metric"},
      _post(lambda: risky(user="tuned@x.example") + "\n" + risky()), 1, config=_tuning("suppress: true"))
_case("alerts_suppressed_counts_those_kept_back", "picketd_alerts_suppressed_total", {"rule": SEED, "reason": "tuning"},
      _post(lambda: risky(user="tuned@x.example") + "\n" + risky()), 1, config=_tuning("suppress: true"))


def _test_degraded(place):
    d = place.daemon(_down(place))
    equal(sum(v for k, v in d.metrics().items() if k[0] == "picketd_degraded"), 0, "at start")
    place.write("rules/b.yml", "title: [\n")
    d.write_config({"rules": {"dirs": [place.path("rules")]}})
    d.stop()
    d.start()
    equal(sum(v for k, v in d.metrics().items() if k[0] == "picketd_degraded"), 1, "with a broken rule")


_add("degraded_shows_a_broken_rule", "picketd_degraded", _test_degraded)


def every_metric_of_the_table_has_a_test(place):
    with open(os.path.join(TOP, "daemon", "base", "metrics.def"), encoding="utf-8") as f:
        names = re.findall(r'^X\(\w+, "([a-z_]+)"', f.read(), re.M)
    check(len(names) > 30, f"{len(names)} names read")
    equal([n for n in names if n not in CASES], [], "metrics without a test")
