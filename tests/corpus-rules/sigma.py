"""A naive reading of Sigma rules: parse, say what a record must hold, judge a record. Shares nothing with the daemon."""
import json
import re
from itertools import islice, product

import yaml

MISSING = object()


class Item:
    """One line of a selection: field, modifiers, values. Without a field it is a keyword."""

    def __init__(self, key, values):
        self.field, *self.modifiers = key.split("|") if key else [None]
        self.values = values if isinstance(values, list) else [values]

    def one(self, value, wanted, record):
        text = as_text(value)
        if "fieldref" in self.modifiers:
            return any(as_text(v).lower() == text.lower() for v in record.read(wanted) if v is not MISSING) if value is not MISSING else False
        if wanted is None:
            return value is MISSING or value is None
        if value is MISSING or value is None:
            return False
        if "re" in self.modifiers:
            return re.search(wanted, text) is not None
        wanted = as_text(wanted)
        if wanted == "*" and "contains" in self.modifiers:
            return text != ""
        body = glob(wanted)
        before = ".*" if {"contains", "endswith"} & set(self.modifiers) or self.field is None else ""
        after = ".*" if {"contains", "startswith"} & set(self.modifiers) or self.field is None else ""
        return re.fullmatch(before + body + after, text, re.I | re.S) is not None

    def judge(self, record, lists):
        values = record.leaves() if self.field is None else record.read(self.field) or [MISSING]
        wanted = []
        for v in self.values:
            m = re.fullmatch("%(.+)%", v) if "expand" in self.modifiers else None
            wanted += lookup(lists, m.group(1)) if m else [v]
        how = all if "all" in self.modifiers else any
        return how(any(self.one(value, w, record) for value in values) for w in wanted)


def lookup(lists, name):
    """The values of a named list; names count without their case."""
    return next((values for n, values in lists.items() if n.lower() == name.lower()), [])


def glob(text):
    out, i = "", 0
    while i < len(text):
        c = text[i]
        if c == "\\" and text[i + 1:i + 2] in ("*", "?", "\\"):
            i += 1
            out += re.escape(text[i])
        else:
            out += ".*" if c == "*" else "." if c == "?" else re.escape(c)
        i += 1
    return out


def as_text(v):
    if v is True or v is False:
        return "true" if v else "false"
    if isinstance(v, (dict, list)):
        return json.dumps(v, separators=(",", ":"), ensure_ascii=False)
    return "" if v is None or v is MISSING else str(v)


class Rule:
    def __init__(self, path, document):
        self.path, self.document = path, document
        self.id, self.title = document.get("id"), document.get("title")
        source = document.get("logsource") or {}
        self.source = (source.get("product"), source.get("service"))
        detection = dict(document["detection"])
        self.condition = detection.pop("condition")
        self.searches = {name: self.search(body) for name, body in detection.items() if name != "timeframe"}

    @staticmethod
    def search(body):
        """A list of alternatives, each a list of items that must all hold."""
        if isinstance(body, list) and not all(isinstance(b, dict) for b in body):
            return [[Item(None, b)] for b in body]
        maps = body if isinstance(body, list) else [body]
        return [[Item(k, v) for k, v in m.items()] for m in maps]

    def ways(self):
        """Ways to make the condition true: ({search: True|False}), by trying all."""
        names = list(self.searches)
        for truth in sorted(product((True, False), repeat=len(names)), key=lambda t: sum(t)):
            way = dict(zip(names, truth))
            if Condition(self.condition, way).truth():
                yield way

    def plans(self, limit=400):
        """(wanted items with one value each, searches that must be false)."""
        def of_way(way):
            lists = []
            for name, wanted in way.items():
                if wanted:
                    lists.append([alternative for alternative in self.searches[name]])
            for choice in product(*lists):
                items = [i for alternative in choice for i in alternative]
                for values in islice(product(*[[tuple(i.values)] if "all" in i.modifiers else [(v,) for v in i.values] for i in items]), 60):
                    yield list(zip(items, values)), [n for n, t in way.items() if not t]
        def every():
            for way in self.ways():
                yield from of_way(way)
        return islice(every(), limit)

    def judge(self, record, lists=None):
        truth = {n: any(all(i.judge(record, lists or {}) for i in a) for a in alternatives) for n, alternatives in self.searches.items()}
        return Condition(self.condition, truth).truth()


class Condition:
    def __init__(self, text, truth):
        self.words, self.searches, self.at = re.findall(r"[()]|[^\s()]+", text), truth, 0

    def next(self):
        return self.words[self.at].lower() if self.at < len(self.words) else None

    def truth(self):
        value = self.either()
        if self.at != len(self.words):
            raise ValueError("condition: " + " ".join(self.words))
        return value

    def either(self):
        value = self.both()
        while self.next() == "or":
            self.at += 1
            value = self.both() or value
        return value

    def both(self):
        value = self.single()
        while self.next() == "and":
            self.at += 1
            value = self.single() and value
        return value

    def single(self):
        word = self.words[self.at]
        self.at += 1
        if word.lower() == "not":
            return not self.single()
        if word == "(":
            value = self.either()
            self.at += 1
            return value
        if word.lower() in ("1", "any", "all") and self.next() == "of":
            pattern = self.words[self.at + 1]
            self.at += 2
            pattern = "*" if pattern == "them" else pattern
            names = [n for n in self.searches if re.fullmatch(glob(pattern), n) and not (pattern == "*" and n.startswith("_"))]
            return (all if word.lower() == "all" else any)(self.searches[n] for n in names)
        return self.searches[word]


def load(path):
    with open(path, encoding="utf-8") as f:
        return [Rule(path, d) for d in yaml.safe_load_all(f) if d]
