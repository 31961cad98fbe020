"""Sigma read literally: one rule, one event, true or false. Written from the specification 2.1.0 and the pages
picketd-rules(5) and sigma.md's decisions, slowly and plainly; shares nothing with the daemon.

Rules are documents as YAML's core schema types them. Events are parsed by load(), which keeps how a number was written.
"""
import base64
import datetime
import ipaddress
import itertools
import json
import re
from decimal import Decimal

MISSING = object()
DASHES = ["-", "/", "\u2013", "\u2014", "\u2015"]


class Number:
    """A number of an event: its text and its value."""

    def __init__(self, text):
        self.text, self.value = text, Decimal(text)


class Fan(list):
    """What a path through an array gathered: elements, and no text of their own."""


def load(text):
    return json.loads(text, parse_int=Number, parse_float=Number)


# ---------------------------------------------------------------- fields
def member(where, name):
    for key, value in where.items():
        if key.lower() == name.lower():
            return value
    return MISSING


def read(where, path):
    """The key that holds the most of the path wins, and the rest is read there or nowhere; arrays fan out."""
    if isinstance(where, list):
        found = Fan()
        for w in where:
            one = read(unpacked(w), path)
            found.extend(one if isinstance(one, Fan) else [] if one is MISSING else [one])
        return found or MISSING
    if not isinstance(where, dict):
        return MISSING
    words = path.split(".")
    for n in range(len(words), 0, -1):
        value = member(where, ".".join(words[:n]))
        if value is not MISSING:
            return value if n == len(words) else read(unpacked(value), ".".join(words[n:]))
    return MISSING


def unpacked(value):
    """Relays send objects and lists as texts, too; a path leads on into them."""
    try:
        return load(value) if isinstance(value, str) and value[:1] in ("{", "[") else value
    except ValueError:
        return value


def leaves(where):
    if isinstance(where, (dict, list)):
        for w in where.values() if isinstance(where, dict) else where:
            yield from leaves(w)
    elif where is not None:
        yield where


def compact(value):
    if isinstance(value, dict):
        return "{" + ",".join(json.dumps(k, ensure_ascii=False) + ":" + compact(v) for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(compact, value)) + "]"
    return value.text if isinstance(value, Number) else json.dumps(value, ensure_ascii=False)


def text_of(value):
    if isinstance(value, str):
        return value
    if isinstance(value, Number):
        return value.text
    if value is True or value is False:
        return "true" if value else "false"
    return compact(value)


def candidates(value):
    """The single values that a comparison may meet. Null and missing: none."""
    if value is MISSING or value is None:
        return
    if not isinstance(value, list):
        yield value
        return
    for v in value:
        yield from candidates(v)
    if not isinstance(value, Fan) and (not value or any(isinstance(v, (dict, list)) for v in value)):
        yield value


# ---------------------------------------------------------------- texts
def pieces(raw):
    """Characters of a value, with * and ? as (wildcard,)."""
    out, at = [], 0
    while at < len(raw):
        c = raw[at]
        if c == "\\" and raw[at + 1:at + 2] in ("*", "?", "\\") and at + 1 < len(raw):
            out.append(raw[at + 1])
            at += 2
            continue
        out.append((c,) if c in "*?" else c)
        at += 1
    return out


def windash(value):
    """All ways to write a value whose parameters begin with a dash or slash."""
    def begins(at):
        word = lambda c: isinstance(c, str) and (c.isalnum() or c == "_" or ord(c) > 127) and c not in DASHES
        return value[at] in DASHES and at + 1 < len(value) and word(value[at + 1]) and not (at and word(value[at - 1]))
    return [list(way) for way in itertools.product(*[DASHES if begins(at) else [c] for at, c in enumerate(value)])]


def as_bytes(value):
    """Characters to bytes; bytes stand as characters 0 to 255 from here on, marked by their type."""
    return b"".join(c if isinstance(c, bytes) else c.encode() for c in value)


def utf16(value, codec, mark=b""):
    out = [mark] if mark else []
    return out + [c if isinstance(c, tuple) else c.encode(codec) for c in value]


def offsets(value):
    data = as_bytes(value)
    for i in range(3):
        yield list(base64.b64encode(b" " * i + data)[(0, 2, 3)[i]:(None, -3, -2)[(len(data) + i) % 3]].decode())


CHANGES = {
    "windash": windash,
    "utf16le": lambda v: [utf16(v, "utf-16-le")],
    "wide": lambda v: [utf16(v, "utf-16-le")],
    "utf16be": lambda v: [utf16(v, "utf-16-be")],
    "utf16": lambda v: [utf16(v, "utf-16-le", b"\xff\xfe")],
    "base64": lambda v: [list(base64.b64encode(as_bytes(v)).decode())],
    "base64offset": lambda v: list(offsets(v)),
}


def matches(value, text, cased):
    """Whole match of characters with wildcards; anything that is not UTF-8 is in no text."""
    try:
        parts = [{"*": ".*", "?": "."}[c[0]] if isinstance(c, tuple) else re.escape(c.decode() if isinstance(c, bytes) else c) for c in value]
    except UnicodeDecodeError:
        return False
    pattern = "".join(parts)
    return re.fullmatch(pattern if cased else pattern.lower(), text if cased else text.lower(), re.S) is not None


def expand(raw, lists):
    """A value with %name% for any item of that list; \\% is a percent sign."""
    parts = re.split(r"(\\[*?\\]|\\%|%[A-Za-z0-9_.-]+%)", raw)
    ways = []
    for part in parts:
        if part == "\\%":
            ways.append(["%"])
        elif re.fullmatch(r"%[A-Za-z0-9_.-]+%", part):
            ways.append([pieces(i) for i in next(v for n, v in lists.items() if n.lower() == part[1:-1].lower())])
        else:
            ways.append([part])
    for way in itertools.product(*ways):
        yield list(itertools.chain.from_iterable(p if isinstance(p, list) else pieces(p) for p in way))


def number(value):
    try:
        return Decimal(value) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?", value) else None
    except ArithmeticError:
        return None


# ---------------------------------------------------------------- dates
def date_part(text, part):
    text = text.strip()
    found = re.fullmatch(r"(\d{4})-(\d\d?)-(\d\d?)(?:[T ](\d\d?):(\d\d)(?::\d\d(?:\.\d+)?)?(?:Z|[-+]\d\d:\d\d)?)?", text)
    if found:
        year, month, day, hour, minute = found.groups()
    else:
        found = re.fullmatch(r"(\d\d?)/(\d\d?)/(\d{4}) (\d\d?):(\d\d):\d\d (AM|PM)", text)
        if not found:
            return None
        month, day, year, hour, minute = found.groups()[:5]
        hour = int(hour) % 12 + (12 if found.group(6) == "PM" else 0)
    try:
        date = datetime.date(int(year), int(month), int(day))
    except ValueError:
        return None
    if hour is not None and (int(hour) > 23 or int(minute) > 59):
        return None
    if part in ("hour", "minute"):
        return None if hour is None else int(hour if part == "hour" else minute)
    return {"day": date.day, "month": date.month, "year": date.year, "week": date.isocalendar()[1]}[part]


# ---------------------------------------------------------------- items
class Judge:
    def __init__(self, event, lists):
        self.event, self.lists = event, lists

    def item(self, key, wanted):
        field, *modifiers = key.split("|")
        values = wanted if isinstance(wanted, list) else [wanted]
        met = (all if "all" in modifiers else any)([self.value(field, modifiers, v) for v in values])
        return met != ("neq" in modifiers)

    def value(self, field, modifiers, wanted):
        """Is one value of the item met?"""
        have = Fan(leaves(self.event)) if not field else read(self.event, field)
        if "exists" in modifiers:
            return (have is not MISSING) == wanted
        if wanted is None:
            return have is MISSING or have is None or (isinstance(have, list) and any(v is None for v in have))
        return any(self.one(field, modifiers, wanted, v) for v in candidates(have))

    def one(self, field, modifiers, wanted, have):
        text = text_of(have)
        for name in ("minute", "hour", "day", "week", "month", "year"):
            if name in modifiers:
                return date_part(text, name) == wanted
        for name, holds in (("gt", lambda a, b: a > b), ("gte", lambda a, b: a >= b), ("lt", lambda a, b: a < b), ("lte", lambda a, b: a <= b)):
            if name in modifiers:
                mine = number(text) if isinstance(have, (str, Number)) else None
                return mine is not None and holds(mine, Decimal(str(wanted)))
        if "re" in modifiers:
            flags = sum(f for n, f in (("i", re.I), ("m", re.M), ("s", re.S)) if n in modifiers)
            return re.search(wanted, text, flags) is not None
        if "cidr" in modifiers:
            return any(self.in_network(n, text) for n in (["".join(w) for w in expand(wanted, self.lists)] if "expand" in modifiers else [wanted]))
        if "fieldref" in modifiers:
            return any(self.equals_field(modifiers, have, other) for other in self.others(wanted))
        return self.equals(field, modifiers, wanted, have)

    @staticmethod
    def in_network(network, text):
        text = text.strip()
        found = re.fullmatch(r"(\d+\.\d+\.\d+\.\d+):\d+", text) or re.fullmatch(r"\[([0-9a-fA-F:.]+)\](?::\d+)?", text)
        try:
            address = ipaddress.ip_address(found.group(1) if found else text)
        except ValueError:
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        return address in ipaddress.ip_network(network)

    def others(self, name):
        other = read(self.event, name)
        if isinstance(other, list):
            return [v for v in other if v is not None]
        return [] if other is MISSING or other is None else [other]

    @staticmethod
    def equals_field(modifiers, have, other):
        a, b = text_of(have), text_of(other)
        if "cased" not in modifiers:
            a, b = a.lower(), b.lower()
        for name, holds in (("contains", a.find(b) >= 0), ("startswith", a.startswith(b)), ("endswith", a.endswith(b))):
            if name in modifiers:
                return holds
        if a == b:
            return True
        return (isinstance(have, Number) or isinstance(other, Number)) and isinstance(have, (str, Number)) and \
            number(a) is not None and number(a) == number(b)

    def equals(self, field, modifiers, wanted, have):
        typed = isinstance(wanted, (int, float)) and not isinstance(wanted, bool)
        raw = text_of(wanted) if not typed else str(wanted)
        values = list(expand(raw, self.lists)) if "expand" in modifiers else [pieces(raw)]
        plain = values
        for name in modifiers:
            if name in CHANGES:
                values = [changed for v in values for changed in CHANGES[name](v)]
        before = {"contains", "endswith"} & set(modifiers) or (not field and not {"startswith"} & set(modifiers))
        after = {"contains", "startswith"} & set(modifiers) or (not field and not {"endswith"} & set(modifiers))
        for v in values:
            if matches([("*",)] * bool(before) + v + [("*",)] * bool(after), text_of(have), "cased" in modifiers):
                return True
        if before or after or set(modifiers) & set(CHANGES) or not isinstance(have, (str, Number)):
            return False
        mine = number(text_of(have))
        if mine is None or not (typed or isinstance(have, Number)):
            return False
        return any(not any(isinstance(c, tuple) for c in v) and number("".join(v)) == mine for v in plain)

    # ------------------------------------------------------------ selections and conditions
    def search(self, body):
        if isinstance(body, list):
            return any(self.search(b) if isinstance(b, dict) else self.item("", b) for b in body)
        if isinstance(body, dict):
            return all(self.item(k, v) for k, v in body.items())
        return self.item("", body)

    def rule(self, detection):
        names = {n: b for n, b in detection.items() if n not in ("condition", "timeframe")}
        conditions = detection["condition"]
        return any(self.condition(c, names) for c in (conditions if isinstance(conditions, list) else [conditions]))

    def condition(self, text, names):
        """By rewriting it to Python."""
        def quantified(found):
            how, pattern = found.group(1).lower(), found.group(2)
            if pattern.lower() == "them":
                chosen = [n for n in names if not n.startswith("_")]
            else:
                shape = re.compile(".*".join(map(re.escape, pattern.split("*"))), re.S)
                chosen = [n for n in names if shape.fullmatch(n) and (pattern.startswith("_") or not n.startswith("_"))]
            return "({}([{}]))".format("all" if how == "all" else "any", ",".join(f"S({n!r})" for n in chosen))
        text = re.sub(r"\b(1|any|all)\s+of\s+([^\s()]+)", quantified, text, flags=re.I)
        words = re.split(r"(S\('[^']*'\)|[\s()\[\],]+)", text)
        code = "".join(f"S({w!r})" if w in names else w.lower() if w.lower() in ("and", "or", "not") else w for w in words)
        return eval(" ".join(code.split()), {"S": lambda n: self.search(names[n]), "all": all, "any": any})  # pylint: disable=eval-used
