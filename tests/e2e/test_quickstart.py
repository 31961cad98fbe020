"""The first command of README.md, without the building."""
import os
import re
import shutil

from harness import BINARY, TOP, check, equal, need, run

SAMPLE = os.path.join(TOP, "scripts", "samples", "quickstart")


def _show(*options):
    need("curl")
    need("logger")
    return run(["/usr/bin/python3", os.path.join(TOP, "scripts", "quickstart-run"), "--binary", BINARY, *options], 60)


def quickstart_shows_the_alerts_highest_score_first(place):
    out = _show()
    equal(out.returncode, 0, f"exit; {out.stdout[-800:]} {out.stderr[-500:]}")
    scores = [int(m) for m in re.findall(r"^ +(\d)  (?:low|medium|high|critical|informational) ", out.stdout, re.M)]
    check(len(scores) >= 5 and scores == sorted(scores, reverse=True) and scores[0] == 3, f"scores {scores}")
    for user in ("donald.knuth", "radia.perlman", "barbara.liskov", "grace.hopper"):
        check(user in out.stdout, f"{user} is shown")
    check("203.0.113.66" in out.stdout, "the spraying address is shown")
    check("ken.thompson" not in out.stdout.split("highest threat_score first")[1].split("What to try")[0].replace("203.0.113.66", ""),
          "a harmless user is not shown")


def quickstart_without_rules_shows_no_alert_and_exits_1(place):
    empty = place.path("no-rules")
    os.mkdir(empty)
    out = _show("--rules", empty)
    equal(out.returncode, 1, f"exit; {out.stdout[-500:]} {out.stderr[-500:]}")
    check("no alert" in out.stdout, out.stdout[-500:])


def quickstart_shows_a_renamed_user_of_the_sample(place):
    folder = place.path("sample")
    shutil.copytree(SAMPLE, folder)
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        with open(path, encoding="utf-8") as f:
            text = f.read()
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace("radia.perlman@", "someone.else@"))
    out = _show("--sample", folder)
    equal(out.returncode, 0, f"exit; {out.stderr[-500:]}")
    check("someone.else@contoso.example" in out.stdout and "radia.perlman" not in out.stdout, out.stdout[-1500:])
