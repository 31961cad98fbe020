"""Makes, for a rule and a shape, records that match and copies of them that just miss."""
import re

import paths
import sigma
from paths import TABLE
from records import SHAPES
from sigma import MISSING

# What a regular expression of the corpus matches.
REGEX = {".+:assumed-role/aws:.+": "arn:aws:sts::123456789012:assumed-role/aws:ec2-instance/i-0abc123"}
# Log sources of rules that are delivered as another.
SAME = {("m365", "threat_detection"): ("m365", "threat_management")}
BREAKGLASS = {"kubectl.kubernetes.io/last-applied-configuration": ""}


class Record:
    """A record seen through the path table of its shape."""

    def __init__(self, shape, data):
        self.shape, self.data = shape, data

    def read(self, field):
        f = TABLE[self.shape].get(field.lower())
        values = [v for v in f.read(self.data)] if f else []
        return values or [MISSING]

    def leaves(self, at=None, top=True):
        at = self.data if top else at
        if isinstance(at, dict):
            return [x for v in at.values() for x in self.leaves(v, False)]
        if isinstance(at, list):
            return [x for v in at for x in self.leaves(v, False)]
        return [at]

    def write(self, field, value, free=False):
        """A reason when that cannot be written."""
        if field is None:
            return self.keyword(value)
        f = TABLE[self.shape].get(field.lower())
        if f is None:
            return f"no member for {field}"
        if f.write(self.data, value):
            return None
        if not free or not hasattr(f, "path"):
            return f"{field} is never {value!r}"
        paths.write(self.data, f.path, value)
        return None

    def keyword(self, value):
        if self.shape.startswith("activity-"):
            return self.write("operationName", value)
        request = self.data["protoPayload"]["request"].setdefault("metadata", {})
        request["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": value}
        return None


def plain(value):
    """The text of a Sigma value without its wildcards: what they stand for is one character."""
    if not isinstance(value, str):
        return value
    return re.sub(r"(?<!\\)[*?]", "1", value)


def spoiled(value, n=0):
    """As near to the value as it gets without being it."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if value is None or value == "":
        return "AccessDenied"
    if str(value).lower() in ("true", "false"):
        return {"true": "false", "false": "true"}[str(value).lower()]
    spots = [i for i, c in enumerate(value) if c.isalnum()] or [0]
    at = spots[len(spots) // 2]
    return value[:at] + ("q" if value[at].lower() != "q" else "z") + value[at + 1:]


def wanted(plan, lists, spoil=None):
    """[(field, value)] that a plan asks for; the value of item `spoil` just misses."""
    order, parts = [], {}
    for n, (item, values) in enumerate(plan):
        name = item.field
        if "expand" in item.modifiers:
            values = [sigma.lookup(lists, v.strip("%"))[0] for v in values]
        values = [REGEX.get(v, v) if "re" in item.modifiers else v for v in values]
        some = values == ["*"]
        values = ["s0me"] if some else [v if v in paths.EXAMPLES else plain(v) for v in values]
        if n == spoil:
            values = [MISSING] if some else [spoiled(values[0]), *values[1:]]
        if name not in parts:
            order.append(name)
            parts[name] = {"start": [], "middle": [], "end": [], "exact": []}
        where = "start" if "startswith" in item.modifiers else "end" if "endswith" in item.modifiers else "middle" if "contains" in item.modifiers else "exact"
        parts[name][where] += values
    for name in order:
        p = parts[name]
        if p["exact"]:
            yield name, p["exact"][0]
        elif p["middle"] and not p["start"] and not p["end"] and p["middle"][0] is MISSING:
            yield name, MISSING
        elif len(p["middle"]) > 1 and not p["start"] and not p["end"] and name.lower() in ("requestparameters", "parameters", "payload"):
            if name.lower() == "payload":
                yield name, " ".join(p["middle"])
            else:
                for m in p["middle"]:
                    yield name, m
        elif p["middle"] and not p["start"] and not p["end"]:
            yield name, p["middle"][0] if len(p["middle"]) == 1 else "to " + " ".join(p["middle"]) + " there"
        else:
            yield name, "".join(p["start"]) + ("x" if not p["middle"] else "") + "".join(p["middle"]) + ("" if not p["end"] else "x" + p["end"][0])


def build(rule, shape, plan, n, lists, spoil=None):
    """(record, None) or (None, why not)."""
    record = Record(shape, SHAPES[shape].make(n))
    for field, value in wanted(plan, lists, spoil):
        value = MISSING if value is None else value
        why = record.write(field, value, free=spoil is not None)
        if why:
            return None, why
    return record, None


def unmatch(rule, record, negative, lists):
    """Makes searches false that must be."""
    for name in negative:
        for alternative in rule.searches[name]:
            if all(i.judge(record, lists) for i in alternative):
                for item in alternative:
                    if item.field and record.write(item.field, "Passw0rd-typed-by-mistake", free=True) is None:
                        break


def cases(rule, shape, numbers, lists):
    """([matching record], [record that just misses], [why not], [field of an item without which no copy could be made])."""
    good, bad, why, seen, whole, broken = [], [], [], set(), {}, set()
    for plan, negative in rule.plans():
        fresh = {(id(i), v) for i, v in plan} - seen
        if not fresh and good:
            continue
        record, reason = build(rule, shape, plan, next(numbers), lists)
        if record is None:
            why.append(reason)
            continue
        if not rule.judge(record, lists):
            unmatch(rule, record, negative, lists)
        if not rule.judge(record, lists):
            why.append("the record made for it does not match")
            continue
        seen |= fresh
        good.append(record)
        enough = len(bad) >= 12
        for k, (item, _) in enumerate(plan):
            whole[id(item)] = item.field or "keywords"
            if enough and id(item) in broken:
                continue
            copy, _ = build(rule, shape, plan, next(numbers), lists, spoil=k)
            if copy is not None and not rule.judge(copy, lists):
                broken.add(id(item))
                bad.append(copy)
        for name in negative if not enough else ():
            bad += filtered(rule, shape, plan, name, numbers, lists)
    return good, bad, why, sorted({name for item, name in whole.items() if item not in broken})


def filtered(rule, shape, plan, name, numbers, lists):
    """The record with a search true that must be false."""
    for alternative in rule.searches[name]:
        if any(i.field is None or set(i.modifiers) & {"re", "fieldref"} for i in alternative):
            continue
        more = [(i, tuple(i.values) if "all" in i.modifiers else (i.values[0],)) for i in alternative]
        overridden = {i.field.lower() for i in alternative}
        whole = [(i, v) for i, v in plan if i.field is None or i.field.lower() not in overridden] + more
        record, _ = build(rule, shape, whole, next(numbers), lists)
        if record is not None and not rule.judge(record, lists):
            yield record
