"""A small simulated day through the shipped rules: floors for what is seen, a ceiling for what is said about nothing."""
import json
import os

from harness import TOP, check, equal, run


def a_small_day_shows_its_attacks_and_hardly_a_false_alert(place):
    path = place.path("day.json")
    out = run([os.path.join(TOP, "tests", "model", "measure_day"), "--seed", "7", "--users", "500", "--json", path], 110)
    equal(out.returncode, 0, f"exit; {out.stderr[-500:]}")
    with open(path, encoding="utf-8") as f:
        day = json.load(f)
    equal(len(day["kinds"]), 7, "kinds of attack")
    for kind, k in day["kinds"].items():
        check(k["planted"] > 0 and k["seen"] == k["planted"], f"{kind}: {k}; {day['missed']}")
    # one attacker of this day wears the commonest browser, which three victims have as well
    check(day["hits_named"] >= 13 and day["hits_missed"] <= 3, f"hits: {day['missed']}")
    check(sum(day["false"].values()) <= 1, f"false alerts: {day['false']}")
    check(day["stale_named"] >= day["stale"] - 1, f"{day['stale_named']} of {day['stale']} stale passwords named")
    return f"{day['hits_named']} hits named, {day['hits_missed']} missed; false alerts: {day['false']}"
