"""Random correlation rules and random streams of events for them, from one seed."""
import random
from datetime import datetime, timezone

KINDS = "abcd"
SPANS = {"10s": 10000, "1m": 60000, "10m": 600000, "2h": 7200000, "6h": 21600000}
START = 1767225600000  # 2026-01-01
TYPES = ["event_count", "value_count", "temporal", "temporal_ordered", "value_sum", "value_avg", "value_percentile"]


def identity(kind, n):
    return f"c0{kind}00000-0000-4000-8000-{n:012d}"


# What the base rules see of, by the world that the events are of.
LOG_SOURCES = {"plain": [{"product": "model"}] * 4, "sign_ins": [{"product": "azure", "service": "signinlogs"}] * 4,
               "feeds": [{"product": "model", "service": s} for s in ("one", "one", "two")] + [{"product": "model"}]}


def base_rules(world="plain"):
    field = "appDisplayName" if world == "sign_ins" else "kind"
    return [{"title": f"base {k}", "id": identity(1, n), "name": f"base_{k}", "level": "low", "logsource": LOG_SOURCES[world][n],
             "detection": {"it": {f"{field}|contains": k}, "condition": "it"}} for n, k in enumerate(KINDS)]


class Rules:
    """Some correlations over the base rules; those that others name come first."""

    def __init__(self, r, count, types=None, names=None):
        self.r, self.documents, self.names = r, [], names or {}
        self.unit = r.choice(list(SPANS))
        for n in range(count):
            self.documents.append(self.correlation(n, (types or TYPES)[n % len(types or TYPES)]))

    def field(self, name):
        return self.names.get(name, name)

    def correlation(self, n, kind):
        r = self.r
        rules = r.sample([f"base_{k}" for k in KINDS], r.choice([1, 1, 2, 3]) if not kind.startswith("temporal") else r.choice([2, 2, 3]))
        body = {"type": kind, "rules": rules, "timespan": self.unit}
        by = r.choice([None, ["user"], ["user"], ["user"], ["user", "ip"], ["ip"]])
        if by:
            body["group-by"] = [self.field(f) for f in by]
            if "user" in by and r.random() < 0.2:
                body["group-by"][by.index("user")] = "who"
                body["aliases"] = {"who": {x: self.field(r.choice(["user", "user", "other"])) for x in rules}}
        condition = self.condition(kind, rules)
        if condition is not None:
            body["condition"] = condition
        document = {"title": f"{kind} {n}", "id": identity(2, n), "name": f"correlation_{n}", "level": "high", "correlation": body}
        if r.random() < 0.1:
            (document if r.random() < 0.5 else body)["generate"] = True
        if r.random() < 0.3:
            self.chain(n, kind, body)
        return document

    def chain(self, n, kind, body):
        """Makes the rule one over an earlier correlation that is judged as matches arrive, grouped by what that one has."""
        inner = [d for d in self.documents if eager(d) and "aliases" not in d["correlation"]]
        if not inner or kind.startswith("value") or (kind.startswith("temporal") and len(body["rules"]) > 2):
            return
        inner = self.r.choice(inner)
        old, new = body["rules"][0], inner["name"]
        body["rules"] = [new] + body["rules"][1:]
        body.pop("aliases", None)
        by = [f for f in inner["correlation"].get("group-by", []) if self.r.random() < 0.8]
        body.pop("group-by", None)
        if by and self.r.random() < 0.5:
            body["aliases"] = {"whom": {x: by[0] for x in body["rules"]}}
            by = ["whom", *by[1:]]
        if by:
            body["group-by"] = by
        if isinstance(body.get("condition"), str):
            body["condition"] = body["condition"].replace(old, new)
        elif kind == "event_count":
            body["condition"] = {"gte": self.r.choice([1, 2])}
        if self.r.random() < 0.5:
            body["timespan"] = {"10s": "30s", "1m": "2m", "10m": "15m", "2h": "3h", "6h": "1d"}[self.unit]

    def condition(self, kind, rules):
        r = self.r
        if kind.startswith("temporal"):
            return self.temporal(kind, rules)
        if kind in ("event_count", "value_count"):
            limits = r.choice([lambda: {"gte": r.randint(1, 5)}, lambda: {"gte": r.randint(2, 5)}, lambda: {"gt": r.randint(1, 4)},
                               lambda: {"gte": r.randint(3, 4)}, lambda: {"eq": r.randint(1, 4)}, lambda: {"eq": 0},
                               lambda: {"lt": r.randint(1, 4)}, lambda: {"lte": r.randint(1, 3)}, lambda: {"neq": r.randint(2, 3)},
                               lambda: {"gte": 2, "lte": r.randint(2, 4)}, lambda: {"gt": 1, "lt": r.randint(3, 5)}])()
            if kind == "value_count":
                limits["field"] = r.choice([self.field("ip"), [self.field("ip"), self.field("user")], self.field("other")])
            return limits
        scale = r.choice([4, 8, 16, 32]) if kind == "value_sum" else r.choice([2, 3, 4, 6])
        limits = r.choice([lambda: {"gte": scale}, lambda: {"gt": scale}, lambda: {"gte": scale}, lambda: {"lt": scale}, lambda: {"lte": scale},
                           lambda: {"eq": scale}, lambda: {"neq": scale}, lambda: {"gte": 2, "lte": scale}])()
        limits["field"] = self.field("amount")
        if kind == "value_percentile":
            limits["percentile"] = r.choice([0, 25, 50, 75, 100])
        return limits

    def temporal(self, kind, rules):
        r = self.r
        choice = r.random()
        if choice < 0.4:
            return None
        if choice < 0.7 and kind == "temporal_ordered" and len(rules) == 3:
            return r.choice(["{0} and ({1} or {2})", "{2} and {0} and {1}", "({0} or {1}) and {2}"]).format(*rules)
        if choice < 0.6 or kind == "temporal_ordered":
            return r.choice([{"gte": 2}, {"gt": 1}, {"gte": len(rules)}, {"eq": len(rules)}, {"lt": len(rules)}, {"lte": 1}, {"neq": 1}])
        if len(rules) == 2:
            return r.choice(["{0} and not {1}", "{0} and not {1}", "{0} and {1}", "not {1} and {0}"]).format(*rules)
        return r.choice(["{0} and ({1} or {2})", "{0} and {1} and not {2}", "{0} and not ({1} or {2})", "({0} or {1}) and not {2}",
                         "{0} and not {1} and not {2}", "{0} and {1} or {2}"]).format(*rules)


def eager(document):
    """Is it judged as matches arrive?"""
    condition = document["correlation"].get("condition")
    if condition is None:
        return True
    if isinstance(condition, str):
        return "not " not in condition
    if not {"lt", "lte", "neq"}.isdisjoint(condition) or condition.get("eq") == 0:
        return False
    return not ("eq" in condition and document["correlation"]["type"] in ("value_sum", "value_avg", "value_percentile"))


def zipf(r, values):
    return r.choices(values, [1 / (n + 1) for n in range(len(values))])[0]


class Stream:
    """Events in the order in which they arrive."""

    def __init__(self, r, span, lateness, changing=False):
        self.r, self.span, self.lateness, self.changing = r, span, lateness, changing
        self.steady = r.random() < 0.1  # one long burst
        self.users = [f"user{n}" for n in range(1 if self.steady else r.choice([1, 2, 3]))]
        self.ips = [f"192.0.2.{n}" for n in range(r.choice([2, 3, 6, 200]))]
        self.burst = r.choice([2, 4, 8])
        self.late = r.choice([0, 0, 0.1, 0.3])
        self.newest, self.records = START + r.randrange(1000000), []
        for n in range(60 if self.steady else r.randint(8, 40)):
            self.records.append(self.record(n))

    def time(self):
        r, w = self.r, self.span
        if self.records and r.random() < self.late:
            back = r.choice([0, 1, w - 1, w, w + 1, self.lateness - 1, self.lateness, self.lateness + 1, r.randrange(w), r.randrange(w),
                             r.randrange(self.lateness + 1)])
            return self.newest - back
        step = r.choice([0, 1, w - 1, w, w + 1, w // 2]) if r.random() < 0.25 else r.randrange(max(w // self.burst, 2))
        if self.steady:
            step = r.choice([w // 4, w // 5, w // 2 - 1])
        elif r.random() < 0.03:
            step = self.lateness * 2 + w * r.choice([1, 3])
        self.newest += step
        return self.newest

    def record(self, n):
        r = self.r
        if self.records and r.random() < 0.04:
            copy = r.choice(self.records)
            return {**copy, "kind": r.choice(["ab", "bc", "d"])} if self.changing and r.random() < 0.5 else copy
        kinds = "abcd" if self.steady else zipf(r, [r.choice(KINDS), "a", "b", "ab", "c", "bc", "ad", "abcd"])
        record = {"id": f"e{n}", "ms": self.time(), "kind": kinds}
        for name, values in (("user", self.users), ("ip", self.ips), ("other", self.users)):
            value = zipf(r, values)
            choice = 1 if self.steady else r.random()
            if choice < 0.04:
                continue
            if choice < 0.06:
                value = None
            elif choice < 0.12 and name != "ip":
                value = [value, r.choice(values).upper(), *r.choice([[], [None], [{"x": 1}], [7]])]
            elif choice < 0.2:
                value = value.upper()
            record[name] = value
        if r.random() < 0.95:
            record["amount"] = r.choice([0, 1, 2, 2, 3, 4, 5, 8, 1.5, -2, "3", "2.5", "none", True])
        return record


def feeds(r, records, span, grace, lateness):
    """The same events from two feeds; the second may lag behind (not by more than the lateness: groups keep no more), begin late,
    or be silent for a time or from then on."""
    lag = r.choice([0, 0, 0, 1, span // 4, grace // 2, grace, grace + span])
    silent = sorted(r.choice([0, len(records), r.randrange(len(records) + 1)]) for _ in range(2))
    out, feed, newest = [], {}, 0
    for n, e in enumerate(records):
        two = feed.setdefault(e["id"], "c" in e["kind"] or ("d" in e["kind"] and r.random() < 0.5) or r.random() < 0.1)
        if two and silent[0] <= n < silent[1]:
            continue
        e = {**e, "feed": "two", "ms": e["ms"] - lag} if two else {**e, "feed": "one"}
        newest = max(newest, e["ms"])
        if e["ms"] >= newest - lateness:
            out.append(e)
    return out or [{**records[0], "feed": "one"}]


def shuffled(r, records, bound):
    """The same events in another order of arrival, none later than bound behind the newest."""
    return [e for _, _, e in sorted((e["ms"] + r.choice([0, 0, bound, r.randrange(bound + 1)]), r.random(), e) for e in records)]


def schema(service):
    """Of a source of the world \"feeds\"."""
    return (f"source: {{product: model, service: {service}}}\ndetect: [{{equals: {{feed: [{service}]}}}}]\ntime: [time]\nid: [id]\n"
            f"default_category: Model{service}\ntenant: [tenantId]\n")


def stamp(ms):
    return datetime.fromtimestamp(ms // 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S") + f".{ms % 1000:03d}Z"


# What stands where in a sign-in of Entra ID.
SIGN_IN = {"user": "userPrincipalName", "ip": "ipAddress", "other": "userDisplayName", "amount": "resultType"}


def sign_in(record):
    out = {"category": "SignInLogs", "createdDateTime": stamp(record["ms"]), "id": record["id"], "appDisplayName": record["kind"],
           "userPrincipalName": None, "resultType": "none"}
    return {**out, **{SIGN_IN[k]: v for k, v in record.items() if k in SIGN_IN}}
