"""Alerts on their way to a webhook."""
import json
import os
import re
import time

from events import quiet, risky, sign_in, spray, user_of
from generate import OTHER_TENANT, line
from harness import CONF, SECRET, SEED, Receiver, Skip, check, equal, until


def _schema():
    try:
        import jsonschema
    except ImportError:
        raise Skip("python3-jsonschema is not installed")
    with open(os.path.join(CONF, "alert.schema.json"), encoding="utf-8") as f:
        document = json.load(f)
    jsonschema.Draft202012Validator.check_schema(document)
    return jsonschema.Draft202012Validator(document)


COLUMNS = {"_messageTime", "user", "src_ip", "app", "country", "risk_level", "risk_state", "risk_events", "auth_req",
           "home_tenant", "resource_tenant", "threat_score"}


def every_kind_of_alert_validates_against_the_schema(place):
    validator = _schema()
    r = place.receiver()
    d = place.daemon(receiver=r)
    start = int(time.time() * 1000) - 120000
    for shape in "abcd":
        rows = spray(8, ip=f"203.0.113.{ord(shape)}", shape=shape, start=start)
        rows.append(line(sign_in(ip=f"203.0.113.{ord(shape)}", time_ms=start + 30000, risk_level="high", risk_state="atRisk",
                                 auth="singleFactorAuthentication", home=OTHER_TENANT, risk_events=["anonymizedIPAddress"],
                                 user="Zoë \"x\"\\ \u2028@contoso.example"), shape))
        rows += [line(sign_in(user=f"target-{shape}@contoso.example", ip=f"100.70.{n}.{ord(shape)}", code=50126, time_ms=start + n * 900),
                      shape) for n in range(16)]
        d.post("\n".join(rows))
    r.wait_alerts(len(d.stored()))
    envelopes = [e for e in r.accepted() if e["type"].startswith("alert.")]
    check(len({e["data"]["rule"]["id"] for e in envelopes}) >= 3, "several rules fired")
    for e in envelopes:
        problems = [f"{'/'.join(map(str, p.absolute_path))}: {p.message[:200]}" for p in validator.iter_errors(e)]
        check(not problems, f"{e['data']['rule']['name']}: {problems[:3]}")
    equal(r.problems, [], "signatures")


def alert_tells_what_the_query_tells(place):
    r = place.receiver()
    d = place.daemon(receiver=r)
    d.post(risky(user="Mixed.Case@Contoso.Example", risk_level="High", risk_state="atRisk", risk_events=["generic", "passwordSpray"],
                 auth="singleFactorAuthentication", home=OTHER_TENANT, ip="198.51.100.44"))
    a = r.wait_alerts(1)[0]
    equal(set(a["fields"]), COLUMNS, "columns")
    equal((a["fields"]["user"], a["fields"]["risk_level"], a["fields"]["src_ip"], a["fields"]["home_tenant"]),
          ("Mixed.Case@Contoso.Example", "High", "198.51.100.44", OTHER_TENANT), "values as received")
    equal((a["threat_score"], a["fields"]["threat_score"], a["severity"], a["confidence"]), (3, 3, "high", "high"), "score")
    equal(sum(x["points"] for x in a["score_reasons"]), 3, "points")
    check({"success", "risk_level", "risk_state"} <= {m["selection"] for m in a["matched"]}, f"matched {a['matched']}")
    equal(a["rule"]["id"], SEED, "rule")
    check(a["context"]["ip"]["key"] and a["context"]["user"]["key"] == "mixed.case@contoso.example", "context keys")


def webhook_headers_are_those_of_the_standard(place):
    r = place.receiver()
    d = place.daemon(receiver=r)
    d.post(risky())
    r.wait_alerts(1)
    h = r.requests[0]["headers"]
    check(re.fullmatch(r"msg_[0-9a-f]{32}", h["webhook-id"]), h["webhook-id"])
    equal(h["idempotency-key"], f'"{h["webhook-id"]}"', "idempotency-key")
    equal((h["content-type"].split(";")[0], h["x-picketd-attempt"]), ("application/json", "1"), "headers")
    check(h["user-agent"].startswith("picketd/"), h["user-agent"])
    check(len(r.requests[0]["body"]) <= 16384, "body of at most 16 KiB")
    equal(r.problems, [], "signature")


def wrong_key_would_be_noticed(place):
    r = place.receiver(key=b"another key, of 24 bytes")
    d = place.daemon(receiver=r)
    d.post(risky())
    r.wait_alerts(1)
    equal(r.problems, ["signature differs"], "the receiver's own check works")


def _retried(place, *statuses):
    """Answers these statuses in turn, then 200; the attempts seen."""
    r = place.receiver(answer=lambda n, _: statuses[n] if n < len(statuses) else 200)
    d = place.daemon(receiver=r)
    d.post(risky())
    r.wait_alerts(1, 30)
    ids = {q["headers"]["webhook-id"] for q in r.requests}
    equal(len(ids), 1, "one webhook-id for all attempts")
    bodies = {q["body"] for q in r.requests}
    equal(len(bodies), 1, "one body for all attempts")
    equal(r.problems, [], "signatures")
    return r, d


def transient_answers_are_tried_again(place):
    r, d = _retried(place, 500, 502, 503, 504, None, 408, 425)
    # a connection that is closed instead of an answer is tried once more by libcurl itself, as the same attempt
    attempts = [q["headers"]["x-picketd-attempt"] for q in r.requests]
    equal(list(dict.fromkeys(attempts)), [str(n + 1) for n in range(len(set(attempts)))], "attempts in order, none left out")
    check(len(set(attempts)) >= 7, f"{attempts}")


def endpoint_faults_are_kept_and_tried_again(place):
    _retried(place, 401, 404, 302)


def retry_after_is_waited_for(place):
    r, d = _retried(place, (429, {"retry-after": "2"}))
    check(r.requests[1]["at"] - r.requests[0]["at"] >= 1.9, "the second attempt waited two seconds")


def negative_retry_after_is_ignored(place):
    r, d = _retried(place, (503, {"retry-after": "-5"}), (503, {"retry-after": "soon"}))
    check(r.requests[-1]["at"] - r.requests[0]["at"] < 8, "not held up")


def gone_receiver_is_left_alone_and_the_alert_kept(place):
    r = place.receiver(answer=lambda n, _: 410)
    d = place.daemon(receiver=r)
    d.post(risky())
    d.wait_metric(1, "picketd_target_state", target="soc", state="gone")
    d.post(risky())
    equal(d.metric("picketd_outbox_alerts", target="soc"), 2, "waiting")
    equal(len(r.requests), 1, "requests")


def slow_receiver_times_out_and_gets_it_again(place):
    import threading
    hold = threading.Event()

    seen = []

    def answer(_, alert):
        seen.append(alert)
        if len(seen) == 1:
            hold.wait(20)
        return 200
    r = place.receiver(answer=answer)
    d = place.daemon({"targets": [{"name": "soc", "url": r.url, "allow_plain": True, "timeout": "500ms", "backoff_min": "50ms",
                                   "secrets": ["file:" + place.path("signing.key")]}]})
    d.post(risky())
    try:
        r.wait(lambda: len(r.requests) >= 1, 20, "no second attempt")
    finally:
        hold.set()
    r.wait_alerts(1)


def every_target_gets_every_alert(place):
    one, two = place.receiver(), place.receiver()
    d = place.daemon({"targets": [{"name": n, "url": r.url, "allow_plain": True, "secrets": ["file:" + place.path("signing.key")]}
                                  for n, r in (("one", one), ("two", two))]})
    for _ in range(5):
        d.post(risky())
    a, b = one.wait_alerts(5), two.wait_alerts(5)
    equal({x["id"] for x in a}, {x["id"] for x in b}, "ids")
    equal(sorted(e["seq"] for e in one.accepted()), [1, 2, 3, 4, 5], "seq of the first")
    equal(sorted(e["seq"] for e in two.accepted()), [1, 2, 3, 4, 5], "seq of the second")
    check(not {q["headers"]["webhook-id"] for q in one.requests} & {q["headers"]["webhook-id"] for q in two.requests},
          "webhook ids differ by target")


def one_target_down_does_not_hold_up_the_other(place):
    up = place.receiver()
    down = place.receiver()
    url = down.url
    down.close()
    d = place.daemon({"targets": [{"name": n, "url": u, "allow_plain": True, "secrets": ["file:" + place.path("signing.key")]}
                                  for n, u in (("down", url), ("up", up.url))]})
    for _ in range(20):
        d.post(risky())
    up.wait_alerts(20)
    equal(d.metric("picketd_outbox_alerts", target="down"), 20, "waiting for the one that is down")


def min_score_keeps_lower_alerts_from_a_target(place):
    r = place.receiver()
    d = place.daemon({"targets": [{"name": "soc", "url": r.url, "allow_plain": True, "min_score": 2,
                                   "secrets": ["file:" + place.path("signing.key")]}]})
    low, high = risky(), risky(risk_state="atRisk")
    d.post(low + "\n" + high)
    equal({a["user"]["name"] for a in r.wait_alerts(1)}, {user_of(high)}, "delivered")
    equal(len(d.stored()), 2, "stored")
    equal(d.metric("picketd_outbox_alerts", target="soc"), 0, "waiting")


def _backlog(place, **target):
    """Alerts of all scores and times, made while the target was away; then delivered by a new process."""
    r = place.receiver()
    port = r.port
    r.close()
    d = place.daemon({"targets": [dict({"name": "soc", "url": r.url, "allow_plain": True, "backoff_min": "50ms", "backoff_max": "200ms",
                                        "secrets": ["file:" + place.path("signing.key")]}, **target)]})
    now = int(time.time() * 1000)
    kinds = [dict(risk_events=["passwordSpray"], risk_level="none"), dict(), dict(risk_state="atRisk"),
             dict(risk_state="atRisk", auth="singleFactorAuthentication", home=OTHER_TENANT)]
    for n in range(24):
        d.post(risky(time_ms=now - 3000 - (n * 7919 % 24) * 1000, **kinds[n * 5 % 4]))
    equal(d.stop(), 0, "exit")
    back = place.add(Receiver(port=port))
    d.start()
    alerts = back.wait_alerts(24, 40)
    equal(len(alerts), 24, "each once")
    return alerts, [e["seq"] for e in back.accepted()]


def backlog_goes_out_by_score_then_newest_first(place):
    alerts, _ = _backlog(place)
    got = [(a["threat_score"], a["event_time"]) for a in alerts]
    equal(got, sorted(got, reverse=True), "order")
    equal({s for s, _ in got}, {0, 1, 2, 3}, "scores")


def backlog_goes_out_in_order_of_arrival_when_asked(place):
    _, seq = _backlog(place, order="fifo")
    equal(seq, sorted(seq), "order")


def send_test_sends_one_signed_message(place):
    r = place.receiver()
    d = place.daemon(receiver=r, start=False)
    out = d.run("--send-test", "soc")
    equal(out.returncode, 0, f"exit; {out.stderr}")
    check("200" in out.stdout, f"prints the answer: {out.stdout!r}")
    equal((len(r.requests), r.accepted()[0]["type"], r.problems), (1, "system.test", []), "what arrived")


def send_test_says_what_a_refusing_receiver_answered(place):
    r = place.receiver(answer=lambda n, _: 403)
    d = place.daemon(receiver=r, start=False)
    out = d.run("--send-test", "soc")
    check(out.returncode not in (0, 64, 78), f"exit {out.returncode}")
    check("403" in out.stdout + out.stderr, f"{out.stdout!r} {out.stderr!r}")
    equal(d.run("--send-test", "nosuch").returncode, 64, "unknown target")


def send_test_works_beside_a_running_daemon(place):
    r = place.receiver()
    d = place.daemon(receiver=r)
    equal(d.run("--send-test", "soc").returncode, 0, "exit")
    d.post(risky())
    r.wait_alerts(1)


def alerts_are_listed_by_score_then_time_beside_a_running_daemon(place):
    d = place.daemon()
    now = int(time.time() * 1000)
    made = [(0, 9), (3, 8), (1, 2), (3, 1), (1, 5), (2, 3)]
    for score, age in made:
        kinds = [dict(risk_events=["passwordSpray"], risk_level="none"), dict(), dict(risk_state="atRisk"),
                 dict(risk_state="atRisk", auth="singleFactorAuthentication", home=OTHER_TENANT)]
        d.post(risky(time_ms=now - age * 1000, **kinds[score]))
    stored = d.stored()
    got = [(a["threat_score"], a["event_time"]) for a in stored]
    equal([s for s, _ in got], [3, 3, 2, 1, 1, 0], "scores")
    equal(got, sorted(got, reverse=True), "order")
    text = d.run("--alerts")
    equal(text.returncode, 0, "exit")
    check(all(a["user"]["name"] in text.stdout for a in stored), f"users in the list: {text.stdout[:400]}")


def secrets_appear_nowhere(place):
    r = place.receiver()
    d = place.daemon(receiver=r, token=True)
    out = d.run("--print-config")
    equal(out.returncode, 0, f"exit; {out.stderr}")
    d.post(risky(), {"Authorization": "Bearer wrong-token-value"})
    equal(d.stop(), 0, "exit")
    with open(place.path("token"), encoding="ascii") as f:
        token = f.read().strip()
    for where, text in (("--print-config", out.stdout), ("the log", "\n".join(d.log.lines))):
        for secret in (SECRET, SECRET[6:], token, "wrong-token-value"):
            check(secret not in text, f"{where} shows a secret")
