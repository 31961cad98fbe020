"""A small simulated day through the shipped rules: floors for what is seen, a ceiling for what is said about nothing."""
import json
import os

from harness import TOP, check, equal, run

# Kinds of attack of which none may be missed.
ALWAYS_SEEN = ["fast_spray"]


def a_small_day_shows_its_sprays_and_few_false_alerts(place):
    path = place.path("day.json")
    out = run([os.path.join(TOP, "tests", "model", "measure_day"), "--seed", "7", "--users", "500", "--json", path], 110)
    equal(out.returncode, 0, f"exit; {out.stderr[-500:]}")
    with open(path, encoding="utf-8") as f:
        day = json.load(f)
    for kind in ALWAYS_SEEN:
        k = day["kinds"][kind]
        check(k["planted"] > 0 and k["seen"] == k["planted"], f"{kind}: {k}; {day['missed']}")
    check(sum(day["false"].values()) <= 10, f"false alerts: {day['false']}")
    return f"{day['hits_named']} hits named, {day['hits_missed']} missed; false alerts: {day['false']}"
