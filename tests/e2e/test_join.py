"""Reports that join the alert of the event that they name: in any order, over kill -9, as in a replay."""
import json
import os
import threading

from events import id_of, report, risky, sign_in
from generate import SHAPES, line
from harness import BINARY, SEED, TOP, check, equal, run

REPORT = "3c9e1a74-05bd-4f68-92d7-8b61f4e0a35c"


def _of(daemon, rule):
    return [a for a in daemon.stored() if a["rule"]["id"] == rule]


def report_joins_the_alert_of_before_a_kill(place):
    d = place.daemon()
    body = risky()
    equal(d.post(body)[0], 200, "sign-in")
    d.kill()
    d.start()
    equal(d.post(report(id_of(body)))[0], 200, "report")
    hit, late = _of(d, SEED)[0], _of(d, REPORT)[0]
    equal(late["related"], {"alert_id": hit["id"], "event_id": id_of(body)}, "related")
    equal((late["dedup_key"], late["kind"]), (hit["dedup_key"], "escalate"), "key and kind")
    d.post(report("e2e0ffff-0000-4000-8000-000000000001"))
    equal(sorted(a["related"] is None for a in _of(d, REPORT)), [False, True], "a report of another sign-in")


def sign_in_after_a_kill_is_the_incident_of_the_report_of_before(place):
    d = place.daemon()
    body, next_one = risky(), risky()
    early = report(id_of(body))
    d.post(early)
    d.kill()
    d.start()
    d.post(body + "\n" + next_one)
    d.kill()
    d.start()
    d.post(early)
    reports, hits = _of(d, REPORT), {a["evidence"][-1]["event_id"]: a for a in _of(d, SEED)}
    equal(len(reports), 1, "the report was sent twice and is one alert")
    hit = hits["SignInLogs/" + id_of(body)]
    equal((hit["dedup_key"], hit["kind"]), (reports[0]["dedup_key"], "trigger"), "key and kind")
    equal(hit["related"], {"alert_id": reports[0]["id"], "event_id": id_of(body)}, "related")
    other = hits["SignInLogs/" + id_of(next_one)]
    check("related" not in other and other["dedup_key"] != hit["dedup_key"], "the other sign-in joined, too")


def _placed(alerts):
    return sorted((a["id"], a["dedup_key"], a["kind"], json.dumps(a.get("related"))) for a in alerts)


def live_daemon_places_alerts_as_a_replay_does(place):
    for name in ("report_joins_the_alert_of_the_sign_in_that_it_names", "report_that_comes_before_its_sign_in_is_the_same_incident"):
        path = os.path.join(TOP, "tests", "scenario", name, "events.ndjson")
        d = place.daemon({"input": {"lateness": "30d"}}, name=name)
        with open(path, encoding="utf-8") as f:
            for text in f:
                equal(d.post(text)[0], 200, "an event")
        out = run([BINARY, "--replay", "--config", d.config_path, path])
        equal(_placed(d.stored()), _placed(json.loads(row) for row in out.stdout.splitlines()), name)


def reports_join_whatever_shape_they_and_the_sign_ins_have(place):
    """Shapes without a tenant have the listener's."""
    d = place.daemon({"listeners": {"http": {"tenant": sign_in().tenant}}})
    pairs = []
    for shape in SHAPES:
        for form in ("diagnostic", "graph", "table"):
            s = sign_in(risk_level="high")
            d.post(line(s, shape))
            p = json.loads(report(s.id, ip=f"198.51.100.{len(pairs)}"))
            row = p["properties"]
            if form == "table":
                row = {k[0].upper() + k[1:]: v for k, v in row.items()}
                row.update(Type="AADUserRiskEvents", TimeGenerated=p["time"], AADTenantId=p["tenantId"])
            equal(d.post(json.dumps(p if form == "diagnostic" else row))[0], 200, "report")
            pairs.append((shape, form, s.id))
    hits = {a["evidence"][-1]["event_id"].split("/")[1]: a["dedup_key"] for a in _of(d, SEED)}
    reports = {a["fields"]["sign_in"]: a for a in _of(d, REPORT)}
    for shape, form, name in pairs:
        check(reports[name]["related"], f"{form} did not join {shape}: {reports[name]['tenant_id']}")
        equal(reports[name]["dedup_key"], hits[name], f"{shape}, {form}")


def replay_table_names_the_alert_that_a_report_joins(place):
    body = risky()
    path = place.write("in.ndjson", body + "\n" + report(id_of(body)) + "\n" + report("e2e0ffff-0000-4000-8000-000000000002") + "\n")
    ids = [json.loads(row)["id"] for row in run([BINARY, "--replay", path]).stdout.splitlines() if SEED in row]
    out = run([BINARY, "--replay", "--format", "table", path]).stdout
    equal([row.strip() for row in out.splitlines() if "joins" in row], [f"joins {ids[0]} by event {id_of(body)}"], out)


def reports_and_sign_ins_that_come_at_once_are_one_incident_each(place):
    d = place.daemon({"limits": {"threads": 4}})
    pairs = []
    for n in range(40):
        body = risky()
        pairs.append((body, report(id_of(body), user=f"other{n}@contoso.example", ip=f"198.51.100.{n}")))
    gate, problems = threading.Barrier(8), []

    def client(k):
        for n in range(k // 2, 40, 4):  # two clients a pair, one for each half
            gate.wait(30)
            if d.post(pairs[n][k % 2])[0] != 200:
                problems.append(n)
    threads = [threading.Thread(target=client, args=(k,)) for k in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    equal(problems, [], "refused")
    hits = {a["evidence"][-1]["event_id"]: a for a in _of(d, SEED)}
    first = {a["fields"]["sign_in"]: a for a in _of(d, REPORT)}
    joined = 0
    for body, _ in pairs:
        hit, late = hits["SignInLogs/" + id_of(body)], first[id_of(body)]
        equal(hit["dedup_key"], late["dedup_key"], "the keys of one pair")
        equal([bool(hit.get("related")), bool(late["related"])].count(True), 1, "which of the two names the other")
        joined += bool(late["related"])
    equal(len({h["dedup_key"] for h in hits.values()}), 40, "incidents")
    return f"{joined} of 40 reports came second"
