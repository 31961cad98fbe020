"""Tuning: what is exempted, what is kept as suppressed, and that a reload takes it in without losing anything."""
import json
import os
import signal
import time

from events import quiet, risky, spray, user_of
from harness import CONF, SEED, TOP, check, equal, until

WHO = "}, owner: soc, reason: agreed with the ciso}\n"
COUNTED = """title: Base
id: 11111111-0000-4000-8000-00000000000b
name: base
logsource: {product: azure, service: signinlogs}
detection:
  sel: {userPrincipalName|startswith: 'count-'}
  condition: sel
---
title: Three of them
id: 11111111-0000-4000-8000-00000000000c
correlation: {type: event_count, rules: [base], group-by: [ipAddress], timespan: 10m, condition: {gte: 3}, generate: true}
"""
BASE, THREE = "11111111-0000-4000-8000-00000000000b", "11111111-0000-4000-8000-00000000000c"


def _tuned(place, text, config=None, **more):
    place.write("tuning.d/a.yaml", text)
    return place.daemon({**(config or {}), "rules": {**(config or {}).get("rules", {}), "tuning": [place.path("tuning.d")]}}, **more)


def _reload(d):
    before = d.metric("picketd_config_last_reload_success_timestamp_seconds")
    d.signal(signal.SIGHUP)
    until(lambda: d.metric("picketd_config_last_reload_success_timestamp_seconds") > before, 15, "no reload")


def _by_user(d):
    return {a["user"]["name"]: a for a in d.stored() if a["rule"]["id"] == SEED}


def tuning_and_lists_reload_without_losing_a_window(place):
    place.write("red.txt", "nobody@x.example\n")
    d = _tuned(place, "", {"rules": {"lists": {"red": place.path("red.txt")}}})
    rows = spray(8, start=int(time.time() * 1000) - 60000)
    d.post("\n".join(rows[:4]) + "\n" + risky(user="red-1@x.example"))
    plain = d.stored()[0]["producer"]["ruleset"]
    place.write("tuning.d/a.yaml", "- {id: red, suppress: true, match: {users: ['%red%', 'red-2@*']" + WHO)
    _reload(d)
    d.post("\n".join(rows[4:]) + "\n" + risky(user="red-2@x.example") + "\n" + risky(user="red-3@x.example"))
    place.write("red.txt", "nobody@x.example\nRED-4@x.example\n")
    _reload(d)
    d.post(risky(user="red-4@x.example") + "\n" + risky(user="red-5@x.example"))
    got = _by_user(d)
    equal({u: a["suppressed"] for u, a in got.items()},
          {"red-1@x.example": False, "red-2@x.example": True, "red-3@x.example": False, "red-4@x.example": True,
           "red-5@x.example": False}, "suppressed")
    digests = [got[f"red-{n}@x.example"]["producer"]["ruleset"] for n in (2, 4)]
    check(len({plain, *digests}) == 3, f"the digest follows tuning and lists: {plain} {digests}")
    check(any("spray" in a["rule"]["name"].lower() for a in d.stored()), "the spray over two reloads is found")


def suppressed_alerts_are_kept_and_sent_only_where_asked(place):
    soc, lab = place.receiver(), place.receiver()
    key = ["file:" + place.path("signing.key")]
    both = [{"name": "soc", "url": soc.url, "allow_plain": True, "secrets": key},
            {"name": "lab", "url": lab.url, "allow_plain": True, "secrets": key, "include_suppressed": True}]
    d = _tuned(place, "- {id: exercise, suppress: true, match: {users: ['red@x.example']}, start: 2020-01-01T00:00:00Z, "
               "end: 2099-01-01T00:00:00Z, owner: soc, reason: agreed with the ciso}\n", {"targets": both})
    d.post(risky(user="red@x.example") + "\n" + risky(user="blue@x.example"))
    until(lambda: len(lab.alerts()) == 2 and len(soc.alerts()) == 1, 10, lambda: f"{len(lab.alerts())} and {len(soc.alerts())}")
    equal([a["user"]["name"] for a in soc.alerts()], ["blue@x.example"], "sent to the soc")
    a = _by_user(d)["red@x.example"]
    equal((a["suppressed"], a["suppression"]), (True, {"reason": "tuning", "until": "2099-01-01T00:00:00.000Z", "count": 0,
                                                       "silence_id": "exercise"}), "suppression")
    equal(a["tuning"], [{"entry": "exercise", "effect": "suppressed", "owner": "soc", "reason": "agreed with the ciso"}], "tuning")
    check("tuning" not in _by_user(d)["blue@x.example"], "an alert without tuning does not speak of it")
    table = d.run("--alerts").stdout
    equal([("[suppressed: exercise]" in t) for t in table.splitlines()[1:] if "2f6d1f0c" in t].count(True), 1, table)


def suppressed_alert_goes_out_once_nothing_suppresses_it(place):
    soc = place.receiver()
    d = _tuned(place, "- {id: a, suppress: true, match: {users: ['*']" + WHO, receiver=soc)
    body = risky()
    d.post(body)
    equal([a["suppressed"] for a in d.stored()], [True], "suppressed")
    place.write("tuning.d/a.yaml", "[]\n")
    _reload(d)
    d.post(body)
    until(lambda: len(soc.alerts()) == 1, 10, "not sent")
    d.post(body)
    equal([a["suppressed"] for a in d.stored()], [False], "stored once")
    equal(len(soc.alerts()), 1, "sent once")


def broken_tuning_is_refused_at_reload_and_left_out_at_start(place):
    good = "- {id: good, suppress: true, match: {users: ['red@x.example']" + WHO
    d = _tuned(place, good)
    place.write("tuning.d/b.yaml", "- {id: bad, rules: [2f6d1f0c-5a43-4d0e-9a53-7f1d0c5e8b12], terms: [x], match: {users: ['*']" + WHO +
                "- {id: worse, selections: [risk_evnt], match: {users: ['*']" + WHO)
    place.write("tuning.d/a.yaml", "[]\n")
    d.signal(signal.SIGHUP)
    d.wait_metric(0, "picketd_config_last_reload_successful")
    d.post(risky(user="red@x.example"))
    equal(_by_user(d)["red@x.example"]["suppressed"], True, "the running tuning stays")
    place.write("tuning.d/a.yaml", good)
    r = d.run("--check")
    equal(r.returncode, 78, "--check")
    check("b.yaml:1:21: error:" in r.stderr and "did you mean '2f6d1f0c-5a43-4d0e-9a53-7f1d0c5e8b11'" in r.stderr, r.stderr)
    check("b.yaml:2:" in r.stderr and "did you mean 'risk_event'" in r.stderr, r.stderr)
    d.stop()
    d.start()
    equal(d.metric("picketd_degraded", reason="broken_tuning"), 1, "degraded")
    d.post(risky(user="red@x.example", ip="10.9.9.9") + "\n" + risky(user="other@x.example"))
    equal(_by_user(d)["other@x.example"]["suppressed"], False, "no broken entry takes anything away")
    os.unlink(place.path("tuning.d", "b.yaml"))
    _reload(d)
    equal(d.metric("picketd_degraded", reason="broken_tuning"), 0, "no more")


def shipped_examples_of_tuning_fit_the_shipped_rules(place):
    d = place.daemon({"rules": {"tuning": [os.path.join(CONF, "tuning")]}}, start=False)
    r = d.run("--check")
    equal((r.returncode, r.stderr), (0, ""), "--check")
    check("5 tuning entries" in r.stdout, r.stdout)
    d.write_config({"rules": {"tuning": []}})
    check("tuning" not in d.run("--check").stdout, "without tuning")


def correlations_count_what_is_suppressed_and_not_what_is_tuned_out(place):
    place.write("rules/a.yml", COUNTED)
    d = _tuned(place, "- {id: silent, rules: [base], suppress: true, match: {users: ['*']" + WHO +
               "- {id: out, rules: [base], selections: [sel], match: {users: ['count-out-*']" + WHO, {"rules": {"dirs": [place.path("rules")]}})
    d.post("\n".join(quiet(user=f"count-out-{n}@x.example", ip="192.0.2.1") for n in range(5)))
    equal(d.stored(), [], "nothing of what is tuned out")
    equal((d.metric("picketd_tuning_applied_total", entry="out"), d.metric("picketd_rule_matches_total", rule=BASE)), (5, 0), "counted")
    d.post("\n".join(quiet(user=f"count-{n}@x.example", ip="192.0.2.1") for n in range(3)))
    equal(sorted((a["rule"]["id"], a["suppressed"]) for a in d.stored()), [(BASE, True)] * 3 + [(THREE, False)], "alerts")


def burst_that_began_suppressed_fires_for_the_first_event_that_is_not(place):
    place.write("rules/a.yml", COUNTED)
    d = _tuned(place, "- {id: red, suppress: true, match: {users: ['count-red-*']" + WHO, {"rules": {"dirs": [place.path("rules")]}})

    def three():
        return sorted((a["evidence"][-1]["user"].split("@")[0], a["kind"], a["suppressed"]) for a in d.stored() if a["rule"]["id"] == THREE)

    def post(*users):
        d.post("\n".join(quiet(user=f"count-{u}@x.example", ip="192.0.2.1") for u in users))
    post("red-1", "red-2", "red-3", "red-4")
    equal(three(), [("count-red-3", "trigger", True)], "one, and suppressed")
    post("victim", "red-5", "other", "red-6")
    equal(three(), [("count-red-3", "trigger", True), ("count-victim", "trigger", False)], "and one that is heard")


def exercise_is_suppressed_from_start_to_end_in_a_replay(place):
    folder = os.path.join(TOP, "tests", "scenario", "red_team_windows_keep_alerts_as_suppressed_until_they_end")
    d = place.daemon({"rules": {"tuning": [os.path.join(folder, "tuning")]}}, start=False)
    r = d.run("--replay", os.path.join(folder, "events.ndjson"))
    equal(r.returncode, 0, r.stderr)
    got = [json.loads(t) for t in r.stdout.splitlines()]
    equal([(a["suppressed"], a["suppression"]["silence_id"]) for a in got if a["rule"]["id"] == SEED],
          [(False, None), (True, "exercise-accounts"), (True, "exercise-addresses"), (False, None), (True, "exercise-accounts"),
           (False, None)], "suppressed")
    table = d.run("--replay", "--format", "table", os.path.join(folder, "events.ndjson")).stdout
    equal(len([t for t in table.splitlines() if SEED in t and t.endswith("  suppressed")]), 3, table)


def rules_of_the_command_line_need_not_know_the_tuning(place):
    place.write("rules/a.yml", COUNTED)
    place.write("events.ndjson", quiet(user="count-1@x.example") + "\n")
    d = place.daemon({"rules": {"tuning": [os.path.join(CONF, "tuning")]}}, start=False)
    r = d.run("--rules", place.path("rules"), "--replay", place.path("events.ndjson"))
    equal((r.returncode, r.stderr, len(r.stdout.splitlines())), (0, "", 1), "replay")
    check(user_of(quiet(user="count-1@x.example")) == "count-1@x.example", "the event")
