"""The command line: check, print, decode, replay, exit codes."""
import json
import os
import re
import subprocess
from xml.etree import ElementTree

from events import quiet, record, risky
from harness import BINARY, CONF, TOP, check, equal, gz, need, run

POSITION = r":\d+:\d+: error: .+"


def _config(place, text, name="x.yaml"):
    return place.write(name, text)


def check_of_the_shipped_configurations_passes(place):
    for name in ("picketd.yaml", "quickstart.yaml"):
        path = os.path.join(CONF, name)
        place.write("quickstart-key", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n", 0o600)
        out = run([BINARY, "--check", "--config", path], env={"CREDENTIALS_DIRECTORY": place.dir})
        equal(out.returncode, 0, f"{name}: {out.stdout} {out.stderr}")


def check_names_file_line_column_and_reason_of_a_broken_configuration(place):
    for text, line, words in (("version: 1\nlisteners:\n  htttp: {}\n", 3, "http"),
                              ("version: 1\nwindows: {span: 10 parsecs}\n", 2, "duration"),
                              ("version: 1\nwindows:\n  span: 10m\n  span: 11m\n", 4, "span"),
                              ("version: 1\nlog: {level: loud}\n", 2, "log.level"),
                              ("version: 1\nlisteners: {http: {address: '0.0.0.0:8443'}}\n", 2, "insecure"),
                              ("version: 1\ntargets: [{name: soc, url: 'http://x.example/'}]\n", 2, "allow_plain"),
                              ("version: 1\nstate: [\n", 3, "")):
        path = _config(place, text)
        out = run([BINARY, "--check", "--config", path])
        said = out.stdout + out.stderr
        equal(out.returncode, 78, f"{text!r}: {said}")
        m = re.search(re.escape(path) + r":(\d+):(\d+): error: (.*)", said)
        check(m, f"{text!r}: no place named in {said!r}")
        check(abs(int(m.group(1)) - line) <= (1 if not words else 0), f"{text!r}: line {m.group(1)}, wanted {line}: {said}")
        check(words in said, f"{words!r} is not in {said!r}")


def unknown_key_gets_a_did_you_mean(place):
    out = run([BINARY, "--check", "--config", _config(place, "version: 1\nwindows:\n  spann: 10m\n")])
    check("did you mean" in out.stdout + out.stderr and "span" in out.stdout + out.stderr, out.stdout + out.stderr)


def check_reports_every_problem(place):
    out = run([BINARY, "--check", "--config", _config(place, "version: 1\nwindws: {}\nlog: {level: loud, fromat: json}\n")])
    equal(len(re.findall(POSITION, out.stdout + out.stderr)), 3, f"problems in {out.stdout}{out.stderr}")


RULES = {
    "modifier": ("title: T\nlogsource: {product: azure}\ndetection:\n  sel:\n    a|nosuch: 1\n  condition: sel\n", 5, "nosuch"),
    "condition": ("title: T\nlogsource: {product: azure}\ndetection:\n  sel: {a: 1}\n  condition: sel and (other\n", 5, ""),
    "unknown_selection": ("title: T\nlogsource: {product: azure}\ndetection:\n  sel: {a: 1}\n  condition: sel and nothere\n", 5, "nothere"),
    "no_condition": ("title: T\nlogsource: {product: azure}\ndetection:\n  sel: {a: 1}\n", None, "condition"),
    "regex": ("title: T\nlogsource: {product: azure}\ndetection:\n  sel: {a|re: '(unclosed'}\n  condition: sel\n", 4, ""),
    "cidr": ("title: T\nlogsource: {product: azure}\ndetection:\n  sel: {a|cidr: 10.0.0.0/99}\n  condition: sel\n", 4, ""),
    "extension_key": ("title: T\nlogsource: {product: azure}\ndetection:\n  sel: {a: 1}\n  condition: sel\npicketd: {thread_score: []}\n",
                      6, "thread_score"),
    "yaml": ("title: 'unclosed\n", None, ""),
}


def check_names_file_line_column_and_reason_of_a_broken_rule(place):
    for name, (text, line, word) in RULES.items():
        folder = place.path("rules-" + name)
        path = place.write(f"rules-{name}/{name}.yml", text)
        out = run([BINARY, "--check", "--config", _config(place, "version: 1\n"), "--rules", folder])
        said = out.stdout + out.stderr
        equal(out.returncode, 78, f"{name}: {said}")
        m = re.search(re.escape(path) + r":(\d+):(\d+): error: (.*)", said)
        check(m, f"{name}: no place in {said!r}")
        check(line is None or int(m.group(1)) == line, f"{name}: line {m.group(1)}, wanted {line}: {said}")
        check(word in said, f"{name}: {word!r} is not in {said!r}")


def check_warns_of_fields_and_log_sources_that_nothing_supplies(place):
    """A warning with its place; the exit code is that of a good rule."""
    cases = {"field": ("{product: aws, service: cloudtrail}", "sel: {eventName: a, status: b}", r":4:23: warning: .*'status'.*\[unsupplied-field\]"),
             "source": ("{product: aws, service: cloudtrial}", "sel: {eventName: a}", r":1: warning: .*\[unknown-logsource\]"),
             "good": ("{product: azure, service: signinlogs}", "sel: {Username: a, window.ip.failures: 1}", None)}
    for name, (source, selection, wanted) in cases.items():
        folder = place.path("warned-" + name)
        path = place.write(f"warned-{name}/{name}.yml", f"title: T\nlogsource: {source}\ndetection:\n  {selection}\n  condition: sel\n")
        out = run([BINARY, "--check", "--config", _config(place, "version: 1\n"), "--rules", folder])
        equal(out.returncode, 0, out.stdout + out.stderr)
        if wanted:
            check(re.search(re.escape(path) + wanted, out.stderr), f"{name}: {out.stderr!r}")
        else:
            check("warning" not in out.stderr, out.stderr)


def check_notes_what_is_legal_and_hardly_meant(place):
    rule = "title: T\nlogsource: {product: azure}\ndetection:\n  sel: {a: 'C:\\Windows\\*'}\n  condition: sel\n"
    path = place.write("rules-notes/notes.yml", rule)
    out = run([BINARY, "--check", "--config", _config(place, "version: 1\n"), "--rules", place.path("rules-notes")])
    equal(out.returncode, 0, out.stderr)
    check(f"{path}:4:12: note: " in out.stdout and "[escaped-wildcard]" in out.stdout, out.stdout)


def broken_configuration_at_start_exits_78(place):
    out = run([BINARY, "--config", _config(place, "version: 2\n")])
    equal(out.returncode, 78, f"{out.stderr}")
    equal(run([BINARY, "--config", place.path("not-there.yaml")]).returncode, 78, "no such file")


def usage_errors_exit_64_and_help_0(place):
    equal(run([BINARY, "--no-such-flag"]).returncode, 64, "unknown flag")
    out = run([BINARY, "--help"])
    equal(out.returncode, 0, "--help")
    for flag in ("--config", "--check", "--print-config", "--rules", "--state-dir", "--log-level", "--log-format", "--replay",
                 "--explain", "--decode", "--alerts", "--send-test", "--version", "--help"):
        check(flag in out.stdout, f"{flag} is in --help")


def version_is_printed(place):
    out = run([BINARY, "--version"])
    equal(out.returncode, 0, "exit")
    check(re.match(r"picketd \d+\.\d+\.\d+$", out.stdout.splitlines()[0]), out.stdout)


def printed_configuration_is_accepted_again(place):
    d = place.daemon(start=False)
    out = d.run("--print-config")
    equal(out.returncode, 0, out.stderr)
    path = place.write("again.yaml", out.stdout)
    again = run([BINARY, "--check", "--config", path])
    equal(again.returncode, 0, f"{again.stdout}{again.stderr}\n{out.stdout}")
    equal(run([BINARY, "--print-config", "--config", path]).stdout, out.stdout, "printed twice")


def state_directory_that_cannot_be_used_exits_73(place):
    place.write("file", "")
    d = place.daemon(start=False)
    d.config["state"]["dir"] = place.path("file") + "/state"
    d.write_config()
    out = run([BINARY, "--config", d.config_path])
    equal(out.returncode, 73, out.stderr)


def address_in_use_exits_75(place):
    d = place.daemon()
    e = place.daemon({"listeners": {"http": {"address": f"127.0.0.1:{d.port('http')}"}}}, start=False, name="second")
    e.start(ready=False)
    equal(e.wait_exit(20), 75, f"{e.log.lines[-3:]}")


def decode_shows_shape_fields_and_what_is_missing(place):
    path = place.write("four.ndjson", "\n".join(quiet(s, user=f"shape-{s}@x.example", ip=f"198.51.100.{n}")
                                               for n, s in enumerate("abcd", 1)) + '\n{"nothing":"known"}\n')
    out = run([BINARY, "--decode", path])
    equal(out.returncode, 0, out.stderr)
    for n, s in enumerate("abcd", 1):
        check(f"shape-{s}@x.example" in out.stdout and f"198.51.100.{n}" in out.stdout, f"shape {s}: {out.stdout[:600]}")
    check("generic" in out.stdout, "the unknown record is shown as generic")
    check("missing" in out.stdout.lower(), "what is missing is shown")


def replay_expectations_decide_the_exit_status(place):
    path = place.write("in.ndjson", risky(user="found@x.example") + "\n" + quiet() + "\n")
    good = place.write("good.yaml", "2f6d1f0c-5a43-4d0e-9a53-7f1d0c5e8b11: {exactly: 1, score: 1, users: [found@x.example]}\n")
    bad = place.write("bad.yaml", "2f6d1f0c-5a43-4d0e-9a53-7f1d0c5e8b11: {exactly: 2}\n")
    none = place.write("none.yaml", "unexpected: fail\n")
    for expect, status in ((good, 0), (bad, 1), (none, 1)):
        out = run([BINARY, "--replay", "--expect", expect, path])
        equal(out.returncode, status, f"{expect}: {out.stdout[-300:]} {out.stderr[-300:]}")


def replay_reads_standard_input_and_names_the_line(place):
    text = quiet() + "\n" + quiet() + "\n" + risky() + "\n"
    out = run([BINARY, "--replay", "-"], stdin=text)
    equal(out.returncode, 0, out.stderr)
    rows = [json.loads(t) for t in out.stdout.split("\n")[:-1]]
    equal([(r["replay"]["line"], r["rule"]["id"]) for r in rows], [(3, "2f6d1f0c-5a43-4d0e-9a53-7f1d0c5e8b11")], "alerts")


def replay_of_broken_data_exits_65(place):
    out = run([BINARY, "--replay", place.write("bad.ndjson", "nonsense\n")])
    equal(out.returncode, 65, f"{out.stdout} {out.stderr}")


def replay_takes_plain_events_with_logsource_any(place):
    folder = place.path("rules")
    place.write("rules/r.yml", "title: R\nid: 11111111-0000-4000-8000-00000000000a\nlogsource: {product: anything, service: x}\n"
                "detection:\n  sel: {Image|endswith: '\\evil.exe'}\n  condition: sel\nlevel: high\n")
    path = place.write("in.ndjson", json.dumps({"Image": "C:\\a\\EVIL.exe"}) + "\n" + json.dumps({"Image": "good.exe"}) + "\n")
    out = run([BINARY, "--replay", "--logsource", "any", "--rules", folder, path])
    equal((out.returncode, len(out.stdout.split("\n")[:-1])), (0, 1), out.stderr)
    equal(json.loads(out.stdout)["replay"]["line"], 1, "line")


def replay_with_logsource_any_takes_each_record_as_an_event_of_its_own(place):
    folder = place.path("rules")
    place.write("rules/r.yml", "title: One\nid: one\nlogsource: {product: x}\ndetection: {sel: {user: ada}, condition: sel}\n")
    place.write("rules/c.yml", "title: Three\nid: three\ncorrelation: {type: event_count, rules: one, timespan: 1m, condition: {gte: 3}, generate: true}\n")
    one, other = '{"user": "ada"}\n', '{"user": "ada", "data": {"user": "eve"}, "eventType": "x", "message": "{}"}\n'
    first, second = place.write("first.ndjson", one + one + other), place.write("second.ndjson", one)
    out = run([BINARY, "--replay", "--logsource", "any", "--rules", folder, first, second])
    rows = [json.loads(t) for t in out.stdout.split("\n")[:-1]]
    found = sorted((os.path.basename(r["replay"]["file"]), r["replay"]["line"], r["rule"]["id"]) for r in rows)
    equal(found, [("first.ndjson", 1, "one"), ("first.ndjson", 2, "one"), ("first.ndjson", 3, "one"), ("first.ndjson", 3, "three"),
                  ("second.ndjson", 1, "one")], "equal records, and records that hold others")
    equal((out.returncode, [r for r in out.stderr.splitlines() if "have no time" not in r]), (0, []), "there is nothing else to complain of")
    equal(run([BINARY, "--replay", "--logsource", "any", "--rules", folder, first, second]).stdout.count('"id":"alr_'), len(rows), "again")
    out = run([BINARY, "--replay", "--logsource", "product=x", "--rules", folder, place.write("copies.ndjson", one + one)])
    equal(len(out.stdout.split("\n")[:-1]), 1, "of a named log source copies are one event")


def check_tells_of_a_rule_that_another_file_silences(place):
    def said(level, together):
        rule = f"title: R\nid: r\nlevel: {level}\nlogsource: {{}}\ndetection: {{sel: {{a: x}}, condition: sel}}\n"
        count = "title: C\nid: c\ncorrelation: {type: event_count, rules: r, timespan: 1m, condition: {gte: 2}}\n"
        name = f"{level}-{together}"
        place.write(f"{name}/r.yml", rule + "---\n" + count if together else rule)
        if not together:
            place.write(f"{name}/c.yml", count)
        out = run([BINARY, "--check", "--rules", place.path(name)])
        equal(out.returncode, 0, out.stderr)
        return [r for r in out.stdout.splitlines() if r.endswith("[silent]")]
    equal(len(said("high", False)), 1, "a rule that stood alone before")
    check(said("high", False)[0].endswith("r.yml:1: note: rule 'R' does not alert by itself; it is counted by C [silent]"), said("high", False))
    equal(said("high", True), [], "whoever wrote both knows")
    equal(said("informational", False), [], "it would not be sent by itself")
    out = run([BINARY, "--check"])
    equal((out.returncode, out.stderr, len(out.stdout.splitlines())), (0, "", 1), f"the shipped rules: {out.stdout}")


def a_window_of_a_filter_and_a_rule_s_own_of_that_name_are_one_in_alerts(place):
    place.write("rules/r.yml", "title: R\nid: r\nlogsource: {product: azure, service: signinlogs}\n"
                "detection: {sel: {resultType: 0, window.calm.successes|gte: 1}, condition: sel}\n"
                "picketd: {windows: [{name: calm, by: [userPrincipalName], span: 10m}]}\n")
    place.write("rules/f.yml", "title: F\nlogsource: {product: azure, service: signinlogs}\n"
                "filter: {rules: any, many: {window.calm.successes|gte: 3}, condition: not many}\n")
    config = place.write("windows.yaml", json.dumps({"version": 1, "rules": {"dirs": [place.path("rules")]}, "windows": {
        "contexts": [{"name": "calm", "by": ["ipAddress"], "span": "1h"}]}}))
    events = place.write("in.ndjson", "".join(quiet(user=f"u{n}@x.example", ip="203.0.113.9") + "\n" for n in range(4)))
    out = run([BINARY, "--replay", "-c", config, events])
    equal((out.returncode, len(out.stdout.splitlines())), (0, 2), f"the filter means the configuration's window: {out.stderr}")
    for row in out.stdout.splitlines():
        windows = json.loads(row, object_pairs_hook=lambda pairs: pairs if len({k for k, _ in pairs}) != len(pairs) else dict(pairs))
        equal([list(windows["context"]["windows"]), windows["context"]["windows"]["calm"]["window_s"]], [["calm"], 600], "the rule's own")
    out = run([BINARY, "--check", "-c", config])
    check("r.yml:1: note: rule 'R' has a window of its own, which alerts show, and a filter that tests the configuration's calm [window-hides]"
          in out.stdout, out.stdout)


def replay_leaves_broken_rules_out_and_says_so(place):
    folder = place.path("rules")
    place.write("rules/good.yml", "title: Good\nlogsource:\ndetection: {sel: {a: x}, condition: sel}\n")
    place.write("rules/bad.yml", "title: Bad\nlogsource: {}\ndetection: {sel: {a|contain: x}, condition: sel}\n")
    events = place.write("in.ndjson", '{"a": "x"}\n')
    out = run([BINARY, "--replay", "--logsource", "any", "--rules", folder, events])
    equal((out.returncode, [json.loads(t)["title"] for t in out.stdout.splitlines()]), (78, ["Good"]), out.stderr)
    check("bad.yml:3:21: error: unknown modifier 'contain'; did you mean 'contains'? [unknown-modifier]" in out.stderr, out.stderr)
    check("left out" in out.stderr, out.stderr)
    expect = place.write("expect.yaml", "good: {exactly: 1}\n")
    equal(run([BINARY, "--replay", "--logsource", "any", "--rules", folder, "--expect", expect, events]).returncode, 78, "expected alerts do not hide it")
    expect = place.write("expect.yaml", "good: {exactly: 2}\n")
    equal(run([BINARY, "--replay", "--logsource", "any", "--rules", folder, "--expect", expect, events]).returncode, 1, "others come first")
    place.write("old/old.yml", "title: Old\nstatus: deprecated\nlogsource: {}\ndetection: {sel: {a: x}, condition: sel}\n")
    out = run([BINARY, "--replay", "--logsource", "any", "--rules", folder, "--rules", place.path("old"), events])
    check("1 rules do not run" in out.stderr, out.stderr)
    os.makedirs(place.path("none"))
    out = run([BINARY, "--replay", "--logsource", "any", "--rules", place.path("none"), events])
    equal((out.returncode, "no rules" in out.stderr), (78, True), out.stderr)


def replay_with_logsource_any_counts_events_in_any_order(place):
    head = "title: R{0}\nname: r{0}\nlogsource: {{product: x}}\ndetection: {{sel: {{a: {0}}}, condition: sel}}\n---\n"
    place.write("rules/r.yml", head.format(1) + head.format(2) + "title: Count\ncorrelation: {type: event_count, rules: r1, timespan: 1d, condition: {gte: 3}}\n"
                "---\ntitle: Order\ncorrelation: {type: temporal_ordered, rules: [r1, r2], timespan: 1d}\n")
    rows = [json.dumps({"a": a, "time": f"2026-01-01T{hour:02}:00:00Z"}) + "\n" for hour, a in ((20, 2), (14, 1), (7, 1), (1, 1))]
    said = {}
    for source in ("any", "product=x"):
        for name, lines in (("up", rows[::-1]), ("down", rows)):
            out = run([BINARY, "--replay", "--logsource", source, "--rules", place.path("rules"), place.write("in.ndjson", "".join(lines))])
            equal(out.returncode, 0, out.stderr)
            said[source, name] = sorted(json.loads(t)["title"] for t in out.stdout.splitlines()), "sort the file by time" in out.stderr
    equal(said["any", "up"], (["Count", "Order"], False), "in order")
    equal(said["any", "down"], (["Count", "Order"], False), "newest first")
    equal(said["product=x", "up"], (["Count", "Order"], False), "in order")
    equal(said["product=x", "down"], ([], True), "later than input.lateness: as live")
    place.write("rules/w.yml", "title: Alone\ncorrelation: {type: temporal, rules: [r1, r2], timespan: 1d, condition: r1 and not r2}\n")
    out = run([BINARY, "--replay", "--logsource", "any", "--rules", place.path("rules"), place.write("in.ndjson", "".join(rows))])
    check("3 events are older" in out.stderr and "sort the file by time" in out.stderr, out.stderr)


def replay_takes_rules_that_name_thousands_of_fields(place):
    place.write("rules/r.yml", "---\n".join(f"title: T{n}\nlogsource: {{}}\ndetection: {{sel: {{field{n}.x: y}}, condition: sel}}\n" for n in range(3000)))
    events = place.write("in.ndjson", json.dumps({"field0": {"x": "y"}}) + "\n" + json.dumps({"field2999.x": "y", "field1500": {"x": "z"}}) + "\n")
    for source in ("any", "product=windows"):
        out = run([BINARY, "--replay", "--logsource", source, "--rules", place.path("rules"), events])
        equal((out.returncode, [(json.loads(t)["title"], json.loads(t)["replay"]["line"]) for t in out.stdout.splitlines()]),
              (0, [("T0", 1), ("T2999", 2)]), out.stderr[-500:])


def replay_finds_the_time_where_other_tools_write_it(place):
    folder = place.path("rules")
    place.write("rules/r.yml", "title: One\nid: one\nlogsource: {}\ndetection: {sel: {a: x}, condition: sel}\n"
                "---\ntitle: Two\nid: two\ncorrelation: {type: event_count, rules: one, timespan: 10s, condition: {gte: 2}}\n")
    at, near, far = ("2026-01-01T00:00:00Z", "2026-01-01T00:00:09.5Z", "2026-01-01T00:00:11Z")
    forms = [(at, near, far), ("2026-01-01 00:00:00", "2026-01-01 00:00:10.000", "2026-01-01 00:00:10.001"), (1767225600, 1767225610, 1767225611),
             (1767225600000, 1767225610000, 1767225610001), ("1767225600", "1767225610.0", "1767225611")]
    names = ["timestamp", "Timestamp", "@timestamp", "EventTime", "UtcTime", "TimeCreated", "eventTime", "ts", "_time", "TimeGenerated",
             "Event.System.TimeCreated.#attributes.SystemTime"]

    def fires(name, *times):
        rows = []
        for n, time in enumerate(times):
            event = time
            for part in reversed(name.split(".")):
                event = {part: event}
            rows.append(json.dumps({"a": "x", "n": n, **event}) + "\n")
        out = run([BINARY, "--replay", "--logsource", "any", "--rules", folder, place.write("in.ndjson", "".join(rows))])
        equal((out.returncode, out.stderr), (0, ""), name)
        return len(out.stdout.splitlines())

    for name in names:
        equal([fires(name, at, near), fires(name, at, far)], [1, 0], name)
    for form in forms:
        equal([fires("timestamp", *form[:2]), fires("timestamp", *form[::2])], [1, 0], form)
    out = run([BINARY, "--replay", "--logsource", "any", "--rules", folder, place.write("in.ndjson", '{"a": "x"}\n{"a": "x", "time": 7}\n')])
    equal((out.returncode, len(out.stdout.splitlines())), (0, 1), "no time: one moment")
    check("in.ndjson: 2 of 2 events have no time" in out.stderr, out.stderr)


def readme_commands_work(place):
    """Every command that README.md shows is run, with the test's own configuration, port and state in place of the named ones."""
    with open(os.path.join(TOP, "README.md"), encoding="utf-8") as f:
        text = f.read()
    rows = [r.split("  #")[0].split("   #")[0].strip() for b in re.findall(r"```sh\n(.*?)```", text, re.S) for r in b.splitlines() if r.strip()]
    elsewhere = {"scripts/quickstart", "scripts/test"}  # test_quickstart.py; and what runs this
    r = place.receiver()
    d = place.daemon(receiver=r)
    run_here = 0
    for row in rows:
        row = re.sub(r"\s+#.*", "", row)
        if row in elsewhere or "make install" in row:
            check(row.split()[0] == "autoreconf" or os.access(os.path.join(TOP, row), os.X_OK), f"{row}: no such script")
            continue
        command = row.replace("127.0.0.1:8443", f"127.0.0.1:{d.port('http')}").replace("./picketd", BINARY)
        command = re.sub(r"\s--state-dir\s+\S+", " --state-dir " + d.config["state"]["dir"], command)
        if row == "./picketd --check --config conf/picketd.yaml":
            pass  # the shipped file itself
        else:
            command = command.replace("conf/picketd.yaml", d.config_path)
        if re.fullmatch(r"mkdir -p /tmp/picketd && \./picketd --config conf/picketd\.yaml --state-dir \S+", row):
            run_here += 1  # that is what d is
            continue
        out = subprocess.run(["/bin/sh", "-c", command], cwd=TOP, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             timeout=60, check=False)
        equal(out.returncode, 0, f"{row}: {out.stdout.decode()[-400:]}")
        run_here += 1
    check(run_here >= 7, f"only {run_here} commands were run")
    check(len(d.stored()) >= 2, "the sample that README.md sends raises alerts")


SEED = "2f6d1f0c-5a43-4d0e-9a53-7f1d0c5e8b11"


def replay_table_shows_selections_and_values_within_100_columns(place):
    path = place.write("a-folder-with-a-long-name-" + "x" * 60 + "/in.ndjson",
                       risky(user="found@x.example") + "\n" + risky(user="é" * 120 + "\x1b[31m@x.example", risk_state="atRisk") + "\n" + quiet() + "\n")
    first = run([BINARY, "--replay", "--format", "table", path])
    equal(first.returncode, 0, first.stderr)
    equal(run([BINARY, "--replay", "--format", "table", path]).stdout, first.stdout, "the same replay prints the same")
    rows = first.stdout.splitlines()
    equal(rows[-1], "2 alerts", "the last line")
    for row in rows:
        check(len(row) <= 100 and "\x1b" not in row, f"{len(row)} columns: {row!r}")
    scores = [int(row.split()[0]) for row in rows if re.match(r" +\d+  20", row)]
    equal(scores, sorted(scores, reverse=True), "highest score first")
    for text in ("risk_level           riskLevelDuringSignIn = high", "risk_state           riskState = atRisk",
                 "success              resultType = 0"):
        check(any(row.strip() == text for row in rows), f"{text!r} is not in {first.stdout}")


def _junit(place, path, expect=None, status=0, *more):
    out = run([BINARY, "--replay", "--format", "junit", *(["--expect", expect] if expect else []), *more, path])
    equal(out.returncode, status, f"{out.stdout[-400:]} {out.stderr}")
    root = ElementTree.fromstring(out.stdout)
    equal(root.tag, "testsuites", "root")
    for suite in (root, *root.findall("testsuite")):
        equal(int(suite.get("tests")), len(list(suite.iter("testcase"))), "tests")
        equal(int(suite.get("failures")), len(list(suite.iter("failure"))), "failures")
        equal(suite.get("errors"), "0", "errors")
    cases = list(root.iter("testcase"))
    for case in cases:
        check(case.get("classname") and case.get("name"), "each case has a class and a name")
    return cases


def replay_as_junit_has_a_case_for_each_expectation_and_each_other_file(place):
    rule = "title: R & <D> \"x\"\nid: {}\nlogsource: {{product: azure}}\ndetection:\n  sel: {{userPrincipalName|contains: {}}}\n  condition: sel\n"
    for name, word in (("one", "a1"), ("two", "b2"), ("three & <more>", "c3")):
        place.write(f"rules/{name}.yml", rule.format("id-" + word, word))
    path = place.write("in&<.ndjson", quiet(user="a1@x.example") + "\n" + quiet(user="c3@x.example") + "\n")
    rules = ("--rules", place.path("rules"))
    expect = place.write("e.yaml", "id-a1: [{exactly: 1, users: ['a1@x.example']}, {at_least: 2, file: '*\"&<nothing>'}]\n")
    cases = _junit(place, path, expect, 1, *rules)
    failed = {(c.get("classname"), c.get("name")): c.find("failure") for c in cases if c.find("failure") is not None}
    equal(len(cases), 4, f"two expectations, two files without: {[c.get('name') for c in cases]}")
    equal(sorted(f.get("type") for f in failed.values()), ["expectation", "unexpected"], "what fails")
    check(any("three & <more>.yml" in name for name, _ in failed), f"{list(failed)}")
    check("in&<.ndjson:2: id-c3" in "".join(f.text or "" for f in failed.values()), "the alert that nobody expected is named")
    relaxed = place.write("w.yaml", "id-a1: {exactly: 1}\nunexpected: warn\n")
    cases = _junit(place, path, relaxed, 0, *rules)
    equal((len(cases), sum(c.find("system-out") is not None for c in cases)), (3, 1), "an alert that is only warned of")
    equal(len(_junit(place, path, None, 0, *rules)), 3, "without expectations each file is a case")


def replay_expectations_choose_by_file_score_and_user(place):
    path = place.write("some/in.ndjson", risky(user="one@x.example") + "\n" + risky(user="two@x.example", risk_state="atRisk") + "\n")
    for text, status in (("{exactly: 2}", 0), ("{exactly: 1, score: 2}", 0), ("{exactly: 1, score: 1, users: [ONE@x.example]}", 0),
                         ("{exactly: 0, users: [nobody@x.example]}", 0), ("{at_least: 3}", 1), ("{at_most: 1}", 1), ("{at_most: 2, at_least: 2}", 0),
                         ("{exactly: 2, file: in.ndjson}", 0), ("{exactly: 2, file: '*/some/*'}", 0), ("{exactly: 0, file: other.ndjson}", 0),
                         ("[{exactly: 1, score: 1}, {exactly: 1, score: 2}]", 0), ("[{exactly: 1, score: 1}, {exactly: 1, score: 3}]", 1)):
        out = run([BINARY, "--replay", "--expect", place.write("e.yaml", f"{SEED}: {text}\n"), path])
        equal(out.returncode, status, f"{text}: {out.stderr}")
        check((status == 0) == (not out.stderr), f"{text}: {out.stderr!r}")
    for text, status in (("unexpected: fail\n", 1), ("unexpected: warn\n", 0), ("unexpected: ignore\n", 0), ("", 1)):
        out = run([BINARY, "--replay", "--expect", place.write("e.yaml", "other-id: {exactly: 0}\n" + text), path])
        equal(out.returncode, status, f"{text}: {out.stderr}")
        equal("unexpected alert" in out.stderr, "ignore" not in text, f"{text}: {out.stderr}")
        check("no rule that runs has the id other-id" in out.stderr, out.stderr)


def replay_refuses_expectations_that_are_none(place):
    path = place.write("in.ndjson", risky() + "\n")
    for text, line in (("a: {exactly: -1}\n", 1), ("a: {}\n", 1), ("x: {exactly: 1}\na: {exaktly: 1}\n", 2), ("a: 1\n", 1), ("[a]\n", None),
                       ("a: {exactly: 1, users: [[b]]}\n", 1), ("a: {exactly: 1, users: b}\n", 1), ("unexpected: maybe\n", 1), ("a: {\n", None)):
        expect = place.write("e.yaml", text)
        out = run([BINARY, "--replay", "--expect", expect, path])
        equal((out.returncode, out.stdout), (78, ""), f"{text!r}: {out.stderr}")
        check(line is None or f"{expect}:{line}:" in out.stderr, f"{text!r}: {out.stderr}")
    equal(run([BINARY, "--replay", "--expect", place.path("none"), path]).returncode, 78, "no such file")
    equal(run([BINARY, "--replay", "--format", "xml", path]).returncode, 64, "no such format")


def offline_commands_read_gzip(place):
    text = quiet() + "\n" + risky(user="packed@x.example") + "\n"
    path = place.write("in.ndjson.gz", gz(text))
    out = run([BINARY, "--replay", path])
    equal((out.returncode, [json.loads(t)["replay"]["line"] for t in out.stdout.split("\n")[:-1]]), (0, [2]), out.stderr)
    equal(run([BINARY, "--explain", SEED, path + ":2"]).returncode, 0, "explain")
    check("packed@x.example" in run([BINARY, "--decode", path]).stdout, "decode")
    broken = place.write("broken.gz", gz(text)[:-6])
    for command in (("--replay",), ("--decode",), ("--explain", SEED)):
        out = run([BINARY, *command, broken])
        equal(out.returncode, 65, f"{command}: {out.stderr}")
        check("breaks off" in out.stderr, f"{command}: {out.stderr}")


def replay_names_the_file_and_counts_what_it_does_not_list(place):
    good = place.write("good.ndjson", quiet() + "\n")
    bad = place.write("bad.ndjson", "nonsense\n" * 150)
    out = run([BINARY, "--replay", good, bad])
    equal(out.returncode, 65, out.stderr)
    check(f"{bad}:1: record 1: json" in out.stderr and f"{bad}: 50 more records" in out.stderr, out.stderr[-300:])
