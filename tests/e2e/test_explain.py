"""--explain: every node of a condition for one event; its verdict against that of --replay, which runs another program."""
import glob
import json
import os
import random
import re
from concurrent.futures import ThreadPoolExecutor

from events import quiet, risky, sign_in
from generate import line
from harness import BINARY, TOP, check, equal, run

SEED = "2f6d1f0c-5a43-4d0e-9a53-7f1d0c5e8b11"


def _config(place, story=None):
    """A configuration with small windows; of a scenario with its lists and tuning."""
    path = place.path(f"{story or 'small'}.yaml")
    if not os.path.exists(path):
        folder = os.path.join(TOP, "tests", "scenario", story or "none")
        lists = {os.path.basename(f)[:-4]: f for f in glob.glob(os.path.join(folder, "lists", "*.txt"))}
        rules = {"lists": lists, "tuning": glob.glob(os.path.join(folder, "tuning"))}
        place.write(os.path.basename(path), json.dumps({"version": 1, "windows": {"memory": "16MiB"}, "rules": rules}))
    return path


def _explain(place, rule, event, *more, stdin=None, story=None):
    return run([BINARY, "--explain", rule, "--config", _config(place, story), *more, event], seconds=60, stdin=stdin)


def _document(place, rule, event, *more, story=None):
    out = _explain(place, rule, event, "--format", "json", *more, story=story)
    check(out.returncode in (0, 1), f"{rule} {event}: exit {out.returncode}: {out.stderr}")
    document = json.loads(out.stdout)
    equal(document["matches"], out.returncode == 0, f"exit status of {rule}")
    _check_document(document)
    return document


def _check_node(node, selections):
    kind = node["kind"]
    if node["tuned"]:
        check(not node["holds"], f"tuned {kind}")
        return
    if kind == "selection":
        equal(node["holds"], selections[node["name"]]["holds"], f"selection {node['name']}")
        return
    if kind == "item":
        if node["met"] and "|all" not in node["item"]:
            equal(node["holds"], any(node["met"]), f"item {node['item']}")
        if node["met"] and "|all" in node["item"]:
            equal(node["holds"], all(node["met"]), f"item {node['item']}")
        return
    holds = [c["holds"] for c in node["children"]]
    equal(node["holds"], {"and": all, "or": any, "not": lambda h: not h[0]}[kind](holds), f"{kind} of {holds}")
    for child in node["children"]:
        _check_node(child, selections)


def _check_document(document):
    """Every node follows from its children; verdict and score from the top."""
    for part in document["parts"]:
        for node in [part["condition"], *part["selections"].values(), *(t["condition"] for t in part["terms"])]:
            _check_node(node, part["selections"])
        equal(part["matches"], part["sees"] and part["condition"]["holds"], "matches")
        score = sum(t["add"] for t in part["terms"] if t["condition"]["holds"]) if part["condition"]["holds"] else 0
        equal(part["score"], score, "score")
    equal(document["matches"], any(p["matches"] for p in document["parts"]), "any part")


def explain_shows_why_an_event_matches(place):
    path = place.write("in.json", risky(user="found@x.example"))
    out = _explain(place, SEED, path)
    equal(out.returncode, 0, out.stderr)
    for text in ("selection risk_level", "riskLevelDuringSignIn: [high, medium]", 'is "high"  from properties.riskLevelDuringSignIn',
                 "selection success", "threat_score +1 for risk_level"):
        check(text in out.stdout, f"{text!r} is not in {out.stdout}")
    equal(out.stdout.splitlines()[-1], "matches: score 1", "verdict")


def explain_shows_why_an_event_does_not_match(place):
    path = place.write("in.json", quiet(risk_level="none"))
    out = _explain(place, SEED, path)
    equal(out.returncode, 1, out.stderr)
    verdict = out.stdout.splitlines()[-1]
    check(verdict.startswith("does not match: "), verdict)
    check('selection risk_level is false because riskLevelDuringSignIn = "none"' in verdict, verdict)


def explain_takes_a_rule_by_id_name_title_and_file(place):
    rule = place.write("rules/mine.yml", "title: Mine Alone\nname: mine_alone\nid: 11111111-0000-4000-8000-00000000000a\n"
                       "logsource: {product: azure}\ndetection:\n  sel: {userPrincipalName|startswith: found}\n  condition: sel\n")
    path = place.write("in.json", quiet(user="found@x.example"))
    for name, more in ((rule, ()), *((n, ("--rules", place.path("rules"))) for n in
                                     ("11111111-0000-4000-8000-00000000000A", "mine_alone", "mine alone"))):
        out = _explain(place, name, path, *more)
        equal(out.returncode, 0, f"{name}: {out.stderr}")
        check("Mine Alone" in out.stdout, out.stdout)


def explain_takes_a_line_of_a_file_and_standard_input(place):
    path = place.write("in.ndjson", quiet() + "\n" + risky() + "\n" + quiet())
    for event, status in ((path + ":1", 1), (path + ":2", 0), (path + ":3", 1), (path, 1)):
        equal(_explain(place, SEED, event).returncode, status, event)
    equal(_explain(place, SEED, "-", stdin=risky()).returncode, 0, "standard input")
    check("first event of several" in _explain(place, SEED, path).stderr, "that there are several is told")


def explain_tells_wrong_use_bad_data_and_bad_rules_apart(place):
    event = place.write("in.json", risky())
    broken = place.write("broken.yml", "title: t\nlogsource: {}\ndetection: {condition: nothing}\n")
    empty = place.write("empty.json", "")
    garbage = place.write("garbage.json", "\x1f\x8b\x08\x00 nonsense")
    for rule, path, status in (("no-such-rule", event, 64), (broken, event, 78), (SEED, empty, 65), (SEED, garbage, 65),
                               (SEED, place.path("not-there"), 65), (SEED, event + ":2", 65)):
        out = _explain(place, rule, path)
        equal(out.returncode, status, f"{rule} {path}: {out.stdout} {out.stderr}")
        check(out.stderr.strip() and not out.stdout, f"{rule} {path}: {out.stdout!r} {out.stderr!r}")
    equal(run([BINARY, "--explain", SEED]).returncode, 64, "no event")
    equal(run([BINARY, "--explain", SEED, event, event]).returncode, 64, "two events")
    equal(run([BINARY, "--explain", SEED, "--format", "table", event]).returncode, 64, "format")


def explain_says_first_that_the_rule_does_not_see_the_event(place):
    rule = place.write("aws.yml", "title: t\nlogsource: {product: aws}\ndetection:\n  sel: {userPrincipalName: found@x.example}\n"
                       "  condition: sel\n")
    path = place.write("in.json", quiet(user="found@x.example"))
    out = _explain(place, rule, path)
    equal(out.returncode, 1, out.stderr)
    check("does not see this event: it asks for product=aws" in out.stdout.split("condition")[0], out.stdout)
    check(re.search(r"true +userPrincipalName: found@x.example", out.stdout), out.stdout)
    check("its condition is true" in out.stdout.splitlines()[-1], out.stdout)
    equal(_explain(place, rule, path, "--logsource", "any").returncode, 1, "as it is, the record has no such field")


def explain_escapes_what_a_terminal_would_obey(place):
    path = place.write("in.json", risky(user="a\x1b[2Jb\x07\u009b\u202e@x.example"))
    rule = place.write("r.yml", "title: t\nlogsource: {product: azure}\ndetection:\n  sel: {userPrincipalName|contains: x.example}\n  condition: sel\n")
    out = _explain(place, rule, path)
    equal(out.returncode, 0, out.stderr)
    check(not set("\x1b\x07\u009b\u202e") & set(out.stdout), repr(out.stdout))
    check("a\\u001b[2Jb\\u0007\\u009b\\u202e@x.example" in out.stdout, repr(out.stdout))


def explain_of_window_fields_says_that_nothing_came_before(place):
    rule = place.write("r.yml", "title: t\nlogsource: {product: azure}\ndetection:\n  sel: {window.ip.failures|gte: 1}\n  condition: sel\n")
    out = _explain(place, rule, place.write("in.json", quiet(code=50126)))
    equal(out.returncode, 0, out.stderr)
    check('window.ip.failures|gte: 1' in out.stdout and "fresh state" in out.stdout, out.stdout)


def explain_of_a_correlation_shows_its_rules(place):
    rule = place.write("c.yml", "title: failed\nname: failed\nlogsource: {product: azure}\ndetection:\n  sel: {resultType: 50126}\n  condition: sel\n"
                       "---\ntitle: good\nname: good\nlogsource: {product: azure}\ndetection:\n  sel: {resultType: 0}\n  condition: sel\n"
                       "---\ntitle: both\nname: both\ncorrelation:\n  type: temporal\n  rules: [failed, good]\n  group-by: [ipAddress]\n"
                       "  timespan: 10m\n")
    path = place.write("in.json", quiet(code=50126, ip="198.51.100.77"))
    document = _document(place, "both", path, "--rules", rule)
    equal([(p["rule"], p["matches"]) for p in document["parts"]], [("failed", True), ("good", False)], "parts")
    check("windows" in document["verdict"], document["verdict"])
    out = _explain(place, "both", path, "--rules", rule)
    check('group-by ipAddress is "198.51.100.77"' in out.stdout, out.stdout)
    equal(_explain(place, "both", place.write("mfa.json", quiet(code=50076)), "--rules", rule).returncode, 1, "none of them")


def explain_names_the_tuning_that_applies(place):
    story = "permitted_vpns_take_one_signal_from_their_users_only"
    events = os.path.join(TOP, "tests", "scenario", story, "events.ndjson")
    out = _explain(place, SEED, events + ":1", story=story)
    equal(out.returncode, 1, out.stdout)
    check("tuning     permitted-vpn-users makes a part of it false: Personal VPNs" in out.stdout, out.stdout)
    check("selection risk_event_proxy, made false by tuning" in out.stdout, out.stdout)
    check("selection risk_event_proxy is made false by tuning" in out.stdout.splitlines()[-1], out.stdout)
    equal(_document(place, SEED, events + ":1", story=story)["parts"][0]["tuning"], ["permitted-vpn-users"], "as JSON")
    equal(_explain(place, SEED, events + ":1").returncode, 0, "without the tuning it matches")
    story = "red_team_windows_keep_alerts_as_suppressed_until_they_end"
    out = _explain(place, SEED, os.path.join(TOP, "tests", "scenario", story, "events.ndjson") + ":2", story=story)
    check(out.returncode == 0 and "keeps its alerts as suppressed" in out.stdout, out.stdout)


# ---- explain against replay ----

def _replayed(place, rules, path, story=None):
    """(rule, line) -> score, of every alert."""
    out = run([BINARY, "--replay", "--config", _config(place, story), *(x for r in rules for x in ("--rules", r)), path], seconds=60)
    equal(out.returncode, 0, out.stderr)
    rows = [json.loads(row) for row in out.stdout.split("\n")[:-1]]
    return {(a["rule"]["id"], a["replay"]["line"]): a["threat_score"] for a in rows}


def _agree(place, pairs, known, rules=()):
    """Each (rule, file, line): the verdict of --explain, and every node of its tree, against what replay found."""
    more = [x for r in rules for x in ("--rules", r)]
    with ThreadPoolExecutor(2) as pool:
        documents = list(pool.map(lambda p: _document(place, p[0], f"{p[1]}:{p[2]}", *more), pairs))
    for (rule, path, number), document in zip(pairs, documents):
        wanted = known.get((rule, number))
        got = document["parts"][0]["score"] if document["matches"] else None
        equal(got, wanted, f"{rule} on {path}:{number}: {document['verdict']}")


def explain_agrees_with_every_alert_of_the_scenarios(place):
    count = 0
    for name in sorted(os.listdir(os.path.join(TOP, "tests", "scenario"))):
        path = os.path.join(TOP, "tests", "scenario", name, "events.ndjson")
        if not os.path.exists(path):
            continue
        with open(path, encoding="utf-8") as f:
            lines = f.read().splitlines()
        for rule, number in _replayed(place, [], path, name):
            # alone: what came before must not matter, since --explain begins with a fresh state
            single = place.write(f"alone-{count}.ndjson", lines[number - 1] + "\n")
            alone = _replayed(place, [], single, name)
            document = _document(place, rule, single, story=name)
            if not document["rule"]["correlation"]:
                got = document["parts"][0]["score"] if document["matches"] else None
                equal(got, alone.get((rule, 1)), f"{rule} on line {number} of {name}: {document['verdict']}")
            count += 1
    check(count > 20, f"only {count} alerts in the scenarios")
    return f"{count} alerts"


FIELDS = {"userPrincipalName": ["ada@contoso.example", "bob@contoso.example"], "appDisplayName": ["Office 365", "Azure Portal"],
          "riskLevelDuringSignIn": ["none", "low", "high"], "riskEventTypes_v2": ["passwordSpray", "impossibleTravel"],
          "resultType": [0, 50126], "ipAddress": ["198.51.100.1", "203.0.113.9"],
          "authenticationRequirement": ["singleFactorAuthentication", "multiFactorAuthentication"], "noSuchField": ["x"]}


def _random_item(r, field):
    values = FIELDS[field]
    many = r.sample(values, r.randint(1, len(values)))
    some = str(r.choice(values))
    return r.choice([{field: many}, {field + "|neq": many}, {field + "|contains": some[:4]}, {field + "|endswith": some[-3:]},
                     {field + "|re": some[:3]}, {field: None}, {field + "|exists": r.choice([True, False])},
                     {field + "|contains|all": [some[:2], some[-2:]]}, {field + "|fieldref": r.choice(list(FIELDS))},
                     {field + "|cidr": "198.51.100.0/24"}, {field + "|gte": 1}, {field + "|cased": some}])


def _random_selection(r):
    kind = r.randrange(4)
    if kind == 0:
        return [r.choice(["passwordSpray", "contoso", "Azure", "nothing of this"])]
    maps = []
    for _ in range(1 if kind == 1 else 2):
        one = {}
        for field in r.sample(list(FIELDS), r.randint(1, 2)):
            one.update(_random_item(r, field))
        maps.append(one)
    return maps[0] if kind < 3 else maps


def _random_condition(r, depth=0):
    if depth > 2 or r.random() < 0.3:
        return r.choice(["s0", "s1", "s2", "1 of s*", "all of them", "not s0"])
    left, right = _random_condition(r, depth + 1), _random_condition(r, depth + 1)
    return f"{r.choice(['', 'not '])}({left} {r.choice(['and', 'or'])} {right})"


def explain_agrees_with_replay_on_random_rules_and_events(place):
    r = random.Random(3)
    rules = []
    for n in range(25):
        rule = {"title": f"random {n}", "id": f"random-{n}", "logsource": {"product": r.choice(["azure", "azure", "azure", "aws"])},
                "detection": {**{f"s{i}": _random_selection(r) for i in range(3)}, "condition": _random_condition(r)},
                "picketd": {"threat_score": [{"name": f"t{i}", "when": _random_condition(r, 2), "add": i + 1} for i in range(2)]}}
        place.write(f"random/{n}.yml", json.dumps(rule))
        rules.append(rule["id"])
    events = [line(sign_in(user=r.choice(FIELDS["userPrincipalName"]), risk_level=r.choice(FIELDS["riskLevelDuringSignIn"]),
                           code=r.choice(FIELDS["resultType"]), ip=r.choice(FIELDS["ipAddress"]), app=r.choice(FIELDS["appDisplayName"]),
                           risk_events=r.choice([[], ["passwordSpray"], ["x", "impossibleTravel"], None])), r.choice("abcd")) for _ in range(20)]
    path = place.write("random.ndjson", "".join(e + "\n" for e in events))
    folder = place.path("random")
    known = _replayed(place, [folder], path)
    check(50 < len(known) < 450, f"{len(known)} of 500 pairs match")
    _agree(place, [(rule, path, number) for rule in rules for number in range(1, 21)], known, [folder])
    return f"{len(known)} of 500 pairs match"


explain_agrees_with_replay_on_random_rules_and_events.limit = 300
