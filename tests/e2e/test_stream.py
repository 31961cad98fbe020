"""Ten thousand sign-ins by both ways, against the model that shares nothing with the daemon."""
import http.client
import json
import os
import random
import shutil
import socket
import time

import correlation_streams
import generate
import model
from harness import BINARY, CONF, TOP, check, equal, octet, request, run, until

COUNT = 10000
# Of the shipped rules those that the model knows; the others it has in a plain form of its own.
SHIPPED = ["entra-compromised-account.yml", "entra-further-risk-names.yml"]


def _compare(place, send):
    start = int(time.time() * 1000) - COUNT * 150 - 120000
    start -= start % 1000
    lines = generate.stream_lines(COUNT, 11, start_ms=start, repeats=0.01)
    wanted = model.expected(lines, generate.TENANT)
    check(len(wanted) >= 500, f"only {len(wanted)} matches planted")
    ids = []
    for way in (_by_http, _by_syslog):
        inner = type(place)()
        try:
            ids.append(_run(inner, way, lines, wanted))
        finally:
            inner.close()
    equal(ids[0], ids[1], "alert ids by HTTP and by syslog")
    equal(ids[0], {w["id"] for w in wanted}, "alert ids of the model")
    rules = {}
    for w in wanted:
        rules[w["rule"]] = rules.get(w["rule"], 0) + 1
    return f"{len(wanted)} alerts each way; by rule: " + ", ".join(f"{k} {v}" for k, v in sorted(rules.items()))


def _run(place, way, lines, wanted):
    r = place.receiver()
    folder = place.path("rules")
    shutil.copytree(os.path.join(TOP, "tests", "model", "rules"), folder)
    for name in SHIPPED:
        shutil.copy(os.path.join(CONF, "rules", name), folder)
    d = place.daemon({"rules": {"dirs": [folder]}, "listeners": {"http": {"tenant": generate.TENANT}, "syslog": [{"address": "127.0.0.1:0", "tenant": generate.TENANT}]}},
                     receiver=r)
    way(d, lines)
    r.wait_alerts(len(wanted), 60)
    d.wait_metric(0, "picketd_outbox_alerts", target="soc")
    alerts = r.alerts()
    got = {(a["evidence"][-1]["event_id"], a["rule"]["id"], a["threat_score"]) for a in alerts}
    want = {(w["event"], w["rule"], w["score"]) for w in wanted}
    check(got == want, f"{way.__name__}: too many {sorted(got - want)[:4]}, missing {sorted(want - got)[:4]}")
    equal(len(alerts), len({a["id"] for a in alerts}), "none twice by id")
    equal(r.problems, [], "signatures")
    equal(d.stop(), 0, "exit")
    return {a["id"] for a in alerts}


def _by_http(d, lines):
    c = http.client.HTTPConnection("127.0.0.1", d.port("http"), timeout=60)
    for n in range(0, len(lines), 100):
        status, _, answer = request(c, "[" + ",".join(lines[n:n + 100]) + "]")
        equal((status, answer["accepted"]), (200, len(lines[n:n + 100])), f"{answer}")
    c.close()


def _by_syslog(d, lines):
    with socket.create_connection(("127.0.0.1", d.port("syslog")), timeout=60) as s:
        for n in range(0, len(lines), 100):
            s.sendall(b"".join(octet("<134>1 2026-11-22T20:00:00Z relay app - - - " + t) for t in lines[n:n + 100]))
        s.shutdown(socket.SHUT_WR)
        while s.recv(4096):
            pass


def ten_thousand_sign_ins_by_http_and_syslog_equal_the_model(place):
    return _compare(place, None)


ten_thousand_sign_ins_by_http_and_syslog_equal_the_model.limit = 240


def replay_gives_the_ids_that_the_live_daemon_gives(place):
    start = int(time.time() * 1000) - 2000 * 150 - 120000
    lines = generate.stream_lines(2000, 5, start_ms=start - start % 1000)
    path = place.write("stream.ndjson", "\n".join(lines) + "\n")
    d = place.daemon({"listeners": {"http": {"tenant": generate.TENANT}}})
    _by_http(d, lines)
    live = {a["id"] for a in d.stored()}
    out = run([BINARY, "--replay", "--config", d.config_path, path], 60)
    equal(out.returncode, 0, f"exit; {out.stderr[-300:]}")
    rows = [json.loads(t) for t in out.stdout.splitlines()]
    equal({a["id"] for a in rows}, live, "ids")
    check(len(live) > 50, "enough of them")
    equal({a["replay"]["file"] for a in rows}, {path}, "file of each")


def _correlations():
    """One of each type that is judged as matches arrive, and one over another."""
    group, span = ["userPrincipalName"], "1m"
    bodies = [
        {"type": "event_count", "rules": ["base_a", "base_b"], "condition": {"gte": 3}},
        {"type": "value_count", "rules": ["base_a"], "condition": {"gte": 2, "field": "ipAddress"}},
        {"type": "temporal", "rules": ["base_a", "base_c"]},
        {"type": "temporal", "rules": ["base_a", "base_b", "base_d"], "condition": "base_a and (base_b or base_d)"},
        {"type": "temporal_ordered", "rules": ["base_b", "base_a"]},
        {"type": "value_sum", "rules": ["base_a"], "condition": {"gte": 8, "field": "resultType"}},
        {"type": "value_avg", "rules": ["base_a"], "condition": {"gt": 2, "field": "resultType"}},
        {"type": "value_percentile", "rules": ["base_b"], "condition": {"gte": 3, "field": "resultType", "percentile": 75}},
        {"type": "event_count", "rules": ["correlation_0"], "condition": {"gte": 2}, "timespan": "1h"},
    ]
    return [{"title": f"{body['type']} {n}", "id": correlation_streams.identity(2, n), "name": f"correlation_{n}", "generate": n == 8,
             "level": "high", "correlation": {"group-by": group, "timespan": span, **body}} for n, body in enumerate(bodies)]


def correlations_alert_in_a_replay_as_in_the_live_daemon(place):
    documents = correlation_streams.base_rules("sign_ins") + _correlations()
    rules = os.path.dirname(place.write("rules/all.yml", "\n---\n".join(json.dumps(d) for d in documents) + "\n"))
    r, records = random.Random(4), []
    for n in range(20):
        stream = correlation_streams.Stream(r, 60000, 600000)
        records += [{**e, "id": f"{n}-{e['id']}", "ms": e["ms"] - stream.newest - (20 - n) * 7200000} for e in stream.records]
    now = int(time.time() * 1000)
    lines = [json.dumps(correlation_streams.sign_in({**e, "ms": e["ms"] + now})) for e in records]
    path = place.write("stream.ndjson", "\n".join(lines) + "\n")
    d = place.daemon({"listeners": {"http": {"tenant": generate.TENANT}}, "rules": {"dirs": [rules]}, "input": {"lateness": "10m"}})
    _by_http(d, lines)
    out = run([BINARY, "--replay", "--config", d.config_path, path], 60)
    equal(out.returncode, 0, f"exit; {out.stderr[-300:]}")
    told = [{(a["id"], a["kind"], a["rule"]["name"], str(a["correlation"]["group_by"]), a["correlation"]["value"]) for a in alerts}
            for alerts in (d.stored(), [json.loads(t) for t in out.stdout.splitlines()])]
    check(told[0] == told[1], f"live only {sorted(told[0] - told[1])[:3]}, replay only {sorted(told[1] - told[0])[:3]}")
    names = {t[2] for t in told[0]}
    equal(len(names), 9, f"rules that fired: {sorted(names)}")
    check(any(t[1] == "repeat" for t in told[0]), "no burst that goes on")
    return f"{len(told[0])} alerts of {len(names)} rules, live and replayed"


def _waiting():
    """What is decided by waiting: absence, few, none."""
    bodies = [
        {"type": "temporal", "rules": ["base_a", "base_c"], "condition": "base_a and not base_c"},
        {"type": "temporal", "rules": ["base_c", "base_d", "base_b"], "condition": "base_c and base_d and not base_b"},
        {"type": "event_count", "rules": ["base_a", "base_c"], "condition": {"lt": 3}},
        {"type": "event_count", "rules": ["base_c"], "condition": {"eq": 0}},
        {"type": "value_count", "rules": ["base_b", "base_d"], "condition": {"lte": 1, "field": "ip"}},
    ]
    return [{"title": f"{body['type']} {n}", "id": correlation_streams.identity(2, n), "name": f"correlation_{n}", "level": "high",
             "correlation": {"group-by": ["user", "story"], "timespan": "1m", **body}} for n, body in enumerate(bodies)]


def _two_feeds(now):
    """Twelve streams, each an hour after the one before and the first in ten minutes; then an event of each feed that ends all.
    What is absent comes late at times, all else by its time: what is late itself is decided in another order, by the clock."""
    r, records = random.Random(7), []
    for n in range(12):
        stream = correlation_streams.Stream(r, 60000, 300000).records
        first, late = min(e["ms"] for e in stream), {e["id"]: r.randrange(40000) if e["kind"] == "c" else 0 for e in stream}
        for e in sorted(stream, key=lambda e: e["ms"] + late[e["id"]]):
            both = {"ms": now + 600000 + n * 3600000 + e["ms"] - first, "story": n}
            two = "c" in e["kind"] or ("d" in e["kind"] and len(e["id"]) % 2)
            records.append({**e, **both, "id": f"{n}-{e['id']}", "feed": "two" if two else "one"})
            records.append({**both, "id": f"{n}-{e['id']}'", "kind": "none", "feed": "one" if two else "two"})  # none is silent
    last = max(e["ms"] for e in records)
    records += [{"id": f"last {feed}", "ms": last + 3600000, "kind": "none", "feed": feed} for feed in ("one", "two")]
    return [json.dumps({**{k: v for k, v in e.items() if k != "ms"}, "time": correlation_streams.stamp(e["ms"]), "tenantId": "t"}) for e in records]


def decisions_that_wait_are_the_same_in_a_replay_and_in_the_live_daemon(place):
    documents = correlation_streams.base_rules("feeds") + _waiting()
    rules = os.path.dirname(place.write("rules/all.yml", "\n---\n".join(json.dumps(d) for d in documents) + "\n"))
    for name in ("one", "two"):
        schemas = os.path.dirname(place.write(f"schemas/{name}.yaml", correlation_streams.schema(name)))
    d = place.daemon({"rules": {"dirs": [rules]}, "limits": {"threads": 2}, "windows": {"grace": "10m"},
                      "input": {"lateness": "10m", "max_future": "1d", "schemas": [schemas, os.path.join(CONF, "schemas")]}})
    lines = _two_feeds(int(time.time() * 1000))  # after the daemon's start: what was before it, it cannot know
    path = place.write("stream.ndjson", "\n".join(lines) + "\n")
    _by_http(d, lines)
    out = run([BINARY, "--replay", "--config", d.config_path, path], 60)
    equal(out.returncode, 0, f"exit; {out.stderr[-300:]}")
    wanted = _told(json.loads(t) for t in out.stdout.splitlines())
    # the clock has not moved on by the grace: it is the feeds that say that nothing more comes
    until(lambda: len(d.stored()) >= len(wanted), 20, lambda: f"{len(d.stored())} of {len(wanted)} alerts")
    got = _told(d.stored())
    check(got == wanted, f"live only {sorted(got - wanted)[:3]}, replay only {sorted(wanted - got)[:3]}")
    equal(len({a[2] for a in got}), 5, "rules that fired")
    return f"{len(got)} alerts of 5 rules, live and replayed"


def _told(alerts):
    return {(a["id"], a["kind"], a["rule"]["name"], str(a["correlation"]["group_by"]), a["correlation"]["value"], a["confidence"])
            for a in alerts}


def a_storm_of_absences_is_held_back_and_told_once(place):
    """The feed of what must be absent was never heard, and five users lack it: two alerts go out, three are kept."""
    other = {**correlation_streams.base_rules("sign_ins")[2], "logsource": {"product": "okta", "service": "okta"}}
    rule = {"title": "a without c", "id": correlation_streams.identity(2, 0), "name": "absence", "level": "high",
            "picketd": {"alert_on_unknown": True, "confidence": "high"},  # what was before the daemon's start is not known
            "correlation": {"type": "temporal", "rules": ["base_a", "base_c"], "group-by": ["userPrincipalName"], "timespan": "1m",
                            "condition": "base_a and not base_c"}}
    documents = [correlation_streams.base_rules("sign_ins")[0], other, rule]
    rules = os.path.dirname(place.write("rules/all.yml", "\n---\n".join(json.dumps(x) for x in documents) + "\n"))
    r = place.receiver()
    d = place.daemon({"rules": {"dirs": [rules]}, "windows": {"grace": "0s", "storm_alerts": 2}}, receiver=r)
    now = int(time.time() * 1000)
    d.post("\n".join(json.dumps(correlation_streams.sign_in({"ms": now - n, "id": f"e{n}", "kind": "a", "user": f"user{n}"})) for n in range(5)))
    until(lambda: len(d.stored()) == 5, 20, lambda: f"{len(d.stored())} of 5 alerts")
    alerts = d.stored()
    equal({(a["confidence"], a["correlation"]["state"]) for a in alerts}, {("low", "partial")}, "a silent feed, an unknown past")
    kept = [a["suppression"] for a in alerts if a["suppressed"]]
    equal(sorted((s["reason"], s["count"]) for s in kept), [("rate", 1), ("rate", 2), ("rate", 3)], "held back")
    d.wait_metric(3, "picketd_alerts_suppressed_total", rule=rule["id"], reason="rate")
    equal(d.metric("picketd_rule_errors_total", rule=rule["id"], reason="feed_silent"), 5, "silent")
    r.wait_alerts(2)
    d.wait_metric(0, "picketd_outbox_alerts", target="soc")
    equal(len(r.alerts()), 2, "sent")
    message = "storm of alerts about what is missing; further ones are kept as suppressed; check the rule's feeds"
    equal([x["rule"] for x in d.logged(message)], [rule["id"]], "told once")
    check("[suppressed: rate]" in d.run("--alerts").stdout, "listed with the reason")
