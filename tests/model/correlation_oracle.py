"""What correlation rules must find in a stream of events, computed the slow and plain way.

It shares nothing with the daemon. A group is a list of every match that it ever
had; each question walks the list from end to end; nothing is forgotten, nothing
is incremental. Two judges exist: for conditions that are judged as matches
arrive, and for those that wait until a window is over. These wait until each
rule that could still change the answer has a feed, and all of its feeds have
passed the window's end by the grace; or for the grace by the clock, which is
the newest event's time.
"""
import collections
import itertools
import math

DAY = 86400000
GROUPS = 8  # a match is in at most so many groups


def fold(value):
    """A value as Sigma's equality sees it; None when it is no scalar."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, str)):
        return str(value).lower()
    return None


def first_scalar(value):
    return next((fold(v) for v in (value if isinstance(value, list) else [value]) if fold(v) is not None), None)


def number(value):
    """A number, or text that reads as one; else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        n = float(value)
    except ValueError:
        return None
    return n if math.isfinite(n) else None


class Hit:
    """That an event met a rule: one of the base rules, or a correlation that fired."""

    def __init__(self, rule, event, fields, identity):
        self.rule, self.event, self.fields, self.identity, self.ms = rule, event, fields, identity, event["ms"]


class Match:
    def __init__(self, hit, value, order):
        self.ms, self.rule, self.identity, self.event, self.value, self.order = hit.ms, hit.rule, hit.identity, hit.event, value, order
        self.came = 0  # when it came, by the clock, or began to wait again
        self.begins = False  # it was the first of a window when it came


OPERATORS = {"gt": lambda a, b: a > b, "gte": lambda a, b: a >= b, "lt": lambda a, b: a < b, "lte": lambda a, b: a <= b,
             "eq": lambda a, b: a == b, "neq": lambda a, b: a != b}


class Text:
    """A condition as text: or, and, not, parentheses."""

    def __init__(self, text):
        self.tokens = text.replace("(", " ( ").replace(")", " ) ").split()
        self.tree = self.either()
        assert not self.tokens

    def take(self, *words):
        if self.tokens and self.tokens[0] in words:
            return self.tokens.pop(0)
        return None

    def either(self):
        terms = [self.both()]
        while self.take("or"):
            terms.append(self.both())
        return ("or", terms)

    def both(self):
        terms = [self.one()]
        while self.take("and"):
            terms.append(self.one())
        return ("and", terms)

    def one(self):
        if self.take("not"):
            return ("not", [self.one()])
        if self.take("("):
            inner = self.either()
            assert self.take(")")
            return inner
        return ("name", self.tokens.pop(0))

    def holds(self, seen, tree=None):
        kind, terms = tree or self.tree
        if kind == "name":
            return terms in seen
        if kind == "not":
            return not self.holds(seen, terms[0])
        return (any if kind == "or" else all)(self.holds(seen, t) for t in terms)

    def names(self, wanted, tree=None, positive=True):
        kind, terms = tree or self.tree
        if kind == "name":
            return {terms} if positive == wanted else set()
        return set().union(*(self.names(wanted, t, positive != (kind == "not")) for t in terms))


class Correlation:
    """One correlation document, and what its condition says of a list of matches."""

    def __init__(self, document):
        body = document["correlation"]
        self.id, self.name, self.type = document["id"], document["name"], body["type"]
        self.rules, self.by = body["rules"], body.get("group-by", [])
        self.span = milliseconds(body["timespan"])
        self.aliases = body.get("aliases", {})
        self.generate = document.get("generate", body.get("generate", False))
        condition = body.get("condition")
        self.text = Text(condition) if isinstance(condition, str) else None
        self.percentile = condition.get("percentile") if isinstance(condition, dict) else None
        self.range, self.field = {}, []
        if isinstance(condition, dict):
            self.range = {k: v for k, v in condition.items() if k in OPERATORS}
            field = condition.get("field", [])
            self.field = field if isinstance(field, list) else [field]
        elif condition is None:
            self.range = {"gte": len(self.rules)}
        self.wanted, self.absent = (self.text.names(True), self.text.names(False)) if self.text else (set(), set())
        self.temporal = self.type.startswith("temporal")
        self.figure = self.type in ("value_sum", "value_avg", "value_percentile")
        self.mode = self.find_mode()

    def find_mode(self):
        """arrival: as matches come. window: when it is over. silence: when nothing follows. absence: a text with not."""
        if self.text:
            return "absence" if self.text.names(False) else "arrival"
        if not self.figure and self.in_range(0) and not self.in_range(1):
            return "silence"
        waits = {"lt", "lte", "neq"} | ({"eq"} if self.figure else set())
        return "window" if waits & set(self.range) else "arrival"

    def in_range(self, n):
        return all(OPERATORS[o](n, limit) for o, limit in self.range.items())

    def value(self, hit):
        """What a hit adds to the window, or None when it does not count."""
        if self.figure:
            return number(hit.fields(self.field[0]))
        if self.type == "value_count":
            values = tuple(first_scalar(hit.fields(f)) for f in self.field)
            return None if None in values else values
        return hit.identity

    def groups(self, hit):
        """The groups that a hit is in: all combinations of its distinct values; none when it lacks one."""
        sets = []
        for key in self.by:
            found = hit.fields(self.aliases.get(key, {}).get(hit.rule, key))
            values = [fold(v) for v in (found if isinstance(found, list) else [found])]
            sets.append(list(dict.fromkeys(v for v in values if v is not None)))
        return list(itertools.product(*sets))[:GROUPS]

    def holds(self, matches):
        """Does the condition hold for a window that has these matches, and no others?"""
        if self.text and self.type == "temporal_ordered":
            return any(self.text.holds(set(some)) and self.chain(matches, some) == len(some) for n in range(len(self.rules) + 1)
                       for some in itertools.combinations(self.rules, n))
        if self.text:
            return self.text.holds({m.rule for m in matches})
        if self.type == "temporal":
            return self.in_range(len({m.rule for m in matches}))
        if self.type == "temporal_ordered":
            return self.in_range(self.chain(matches))
        if self.type == "event_count":
            return self.in_range(len({m.identity for m in matches}))
        if self.type == "value_count":
            return self.in_range(len({m.value for m in matches}))
        values = sorted({m.identity: m.value for m in matches}.values())
        return bool(values) and self.in_range(self.figure_of(values))

    def figure_of(self, values):
        if self.type == "value_sum":
            return sum(values)
        if self.type == "value_avg":
            return sum(values) / len(values)
        at = self.percentile / 100 * (len(values) - 1)
        low = math.floor(at)
        high = min(low + 1, len(values) - 1)
        return values[low] + (values[high] - values[low]) * (at - low)

    def chain(self, matches, rules=None):
        """How many rules can be put in the order in which they are listed; equal times are in order."""
        ends = [-math.inf]  # of the chains with 0, 1, 2 ... rules: the earliest that one can end
        for rule in rules or self.rules:
            times = [m.ms for m in matches if m.rule == rule]
            longer = [min((t for t in times if t >= end), default=math.inf) for end in ends]
            ends = [min(pair) for pair in zip(ends + [math.inf], [math.inf] + longer)]
        return sum(1 for end in ends[1:] if end < math.inf)


def milliseconds(text):
    return int(text[:-1]) * {"s": 1000, "m": 60000, "h": 3600000, "d": DAY}[text[-1]]


class Group:
    def __init__(self):
        self.matches, self.hot, self.fired, self.last, self.gap = [], False, False, 0, 0
        self.waiting, self.asked, self.closed, self.held = [], set(), None, []
        self.known = set()  # an event counts once, whichever copy of it met the rules first

    def within(self, begin, end):
        return [m for m in self.matches if begin <= m.ms <= end]


SILENT = 60000  # a feed silent for a minute moves on with the clock


class Feed:
    def __init__(self):
        self.newest, self.heard, self.times = -math.inf, -math.inf, []

    def hear(self, ms, clock):
        self.newest, self.heard = max(self.newest, ms), clock
        self.times.append(clock)

    def silent(self, at, quiet):
        return not any(at - quiet < t <= at for t in self.times)

    def reach(self, clock):
        return self.newest + max(0, clock - self.heard - SILENT)


class Oracle:
    """Runs events through correlations; alerts are (correlation id, group values, kind, event).

    The kind of one with low confidence ends with ` low`.

    sources: the feeds whose events a base rule may see, by its name; else there is one feed for all."""

    def __init__(self, correlations, base, lateness, grace, quiet, collect=None, sources=None):
        self.correlations, self.base, self.lateness, self.grace, self.quiet = correlations, base, lateness, grace, quiet
        self.low = False  # of what is just decided by waiting
        self.sources = sources or collections.defaultdict(lambda: {""})
        self.feeds = collections.defaultdict(Feed)
        self.groups = {c.id: {} for c in correlations}
        self.newest, self.alerts, self.order = None, [], itertools.count()
        self.moved = set()  # (correlation id, group) where a match that came late moved windows
        referenced = {r for c in correlations for r in c.rules}
        generated = {r for c in correlations if c.generate for r in c.rules}
        self.loud = {c.name for c in correlations if c.name not in referenced or c.name in generated}
        self.loud |= {n for n in base if n not in referenced or n in generated}
        self.waiting = [(n, c) for n, c in enumerate(correlations) if c.mode != "arrival"]
        self.awaited = {c.id: self.leaves(c.absent if c.mode == "absence" else c.rules) for c in correlations}
        self.collect = collect  # called with (correlation, group key, matches) for what counts

    def leaves(self, rules):
        """The base rules by whose matches these come true."""
        below = {c.name: c.rules for c in self.correlations}
        return set().union(*(self.leaves(below[r]) if r in below else {r} for r in rules)) if rules else set()

    def run(self, events):
        for event in events:
            self.step(event)
        self.finish()
        return self.alerts

    def finish(self):
        """Time jumps to where nothing waits by the clock."""
        while (later := max((self.latest(end, came) for *_, end, _, came in self.open_checks()), default=None)) is not None:
            self.newest = max(self.newest, later)
            self.decide()

    def step(self, event):
        self.newest = event["ms"] if self.newest is None else max(self.newest, event["ms"])
        feed = self.feeds[event.get("feed", "")]
        feed.hear(event["ms"], self.newest)
        self.decide()
        hits = [Hit(n, event, event["record"].get, ("event", event["id"])) for n, word in self.base.items()
                if word in event["record"].get("kind", "") and event.get("feed", "") in self.sources[n]]
        for h in hits:
            if h.rule in self.loud:
                self.alerts.append((h.rule, (), "trigger", event))
        if event["ms"] < feed.newest - self.lateness:
            return
        self.feed(hits)
        self.decide()

    def feed(self, hits):
        """The correlations stand so that those that others name come first."""
        for c in self.correlations:
            fired = []
            for identity in dict.fromkeys(h.identity for h in hits):
                mine = [h for h in hits if h.identity == identity and h.rule in c.rules and c.value(h) is not None]
                for key in dict.fromkeys(k for h in mine for k in c.groups(h)):
                    fired += self.add(c, key, [h for h in mine if key in c.groups(h)])
            hits = hits + fired

    def add(self, c, key, hits):
        """All that one event is to one group, at once. Returns what fired, as hits for further correlations."""
        group = self.groups[c.id].setdefault(key, Group())
        if c.temporal:
            hits = [h for h in hits if (h.identity, h.rule) not in group.known]
        elif hits[0].identity in group.known:
            return []
        group.known |= {(h.identity, h.rule) for h in hits} | {h.identity for h in hits}
        new = [Match(h, c.value(h), next(self.order)) for h in (hits if c.temporal else hits[:1])]
        if not new:
            return []
        for m in new:
            m.came = self.newest
        if self.collect:
            self.collect(c, key, new)
        return getattr(self, "add_" + c.mode)(c, key, group, new)

    # -- as matches arrive -------------------------------------------------------------------------------------------

    def add_arrival(self, c, key, group, new):
        """Fires when a window with the match meets the condition and none of these met it without the match."""
        t, newest = new[0].ms, max((m.ms for m in group.matches), default=-math.inf)
        ends = {t} | {m.ms for m in group.matches if t <= m.ms <= t + c.span}
        before = any(c.holds(group.within(x - c.span, x)) for x in ends)
        group.matches += new
        if any(c.holds(group.within(x - c.span, x)) for x in ends):
            lapsed = c.figure and not group.hot and (not group.fired or t >= newest)
            return self.alert(c, key, group, new[-1], t, not before or lapsed)
        if not before and t >= newest:
            group.hot = False
        return []

    def alert(self, c, key, group, match, at, begins):
        """Once per burst, then after W, 2 W, 4 W ... 24 hours. One that came late leaves the times of a newer one."""
        if begins:
            if not group.hot or at >= group.last:
                group.last, group.gap = at, c.span
            group.hot, group.fired = True, True
            return self.tell(c, key, match, "trigger")
        if group.hot and at - group.last >= group.gap:
            group.last, group.gap = at, max(min(2 * group.gap, DAY), c.span)
            self.tell(c, key, match, "repeat")
        return []

    def tell(self, c, key, match, kind):
        """A window that was moved when its first match had long come has that of another match: not one that is known."""
        event = match.event if c.mode != "window" or match.begins else None
        if c.name in self.loud:
            self.alerts.append((c.id, key, kind + (" low" if self.low and c.mode != "arrival" else ""), event))
        # what an event completes is that event: it counts once in a group of what comes behind
        identity = match.identity if c.mode == "arrival" else (c.id, key, match.identity)
        return [Hit(c.name, match.event, dict(zip(c.by, key)).get, identity)]

    # -- by waiting --------------------------------------------------------------------------------------------------

    def add_window(self, c, _key, group, new):
        """Windows lie one behind the other; each begins with the first match behind the one before."""
        group.matches += new
        begin = min(m.ms for m in self.open(group)) if self.open(group) else None
        while begin is not None and begin < new[0].ms:
            begin = min((m.ms for m in group.matches if m.ms > begin + c.span), default=None)
        for m in new:
            m.begins = begin == m.ms
        return []

    @staticmethod
    def open(group):
        return [m for m in group.matches if group.closed is None or m.ms > group.closed]

    def add_silence(self, c, _key, group, new):
        group.matches += new
        if new[0].ms not in group.asked:
            group.asked.add(new[0].ms)
            group.waiting.append((new[0].ms + c.span, new[0], self.newest))
        return []

    def add_absence(self, c, _key, group, new):
        """A match is decided that ends a window in which all is there that is wanted; new is what completed it."""
        group.matches += new
        if not any(m.rule in c.wanted for m in new):
            return []
        for m in list(group.matches):
            if m.rule in c.wanted and new[0].ms <= m.ms <= new[0].ms + c.span and m.ms not in group.asked:
                if c.text.holds({x.rule for x in group.within(m.ms - c.span, m.ms)} - c.absent):
                    group.asked.add(m.ms)
                    group.waiting.append((m.ms, new[0], self.newest))
        return []

    def open_checks(self):
        return [(n, c, key, group, end, match, came) for n, c in self.waiting for key, group in self.groups[c.id].items()
                for end, match, came in self.ends(c, group)]

    def latest(self, end, came):
        """When the clock decides."""
        return max(end, came) + self.grace + 1

    def passed(self, c):
        """What is not later than this comes no more."""
        reach = math.inf
        for rule in self.awaited[c.id]:
            heard = [self.feeds[f].reach(self.newest) for f in self.sources[rule] if self.feeds[f].newest > -math.inf]
            reach = min([reach, *heard]) if heard else -math.inf
        return reach - self.grace

    def is_silent(self, c, at):
        """Has one of the rules that are waited for no feed that was heard?"""
        return any(all(self.feeds[f].silent(at, self.quiet) for f in self.sources[r]) for r in self.awaited[c.id])

    def decide(self):
        """Decides, in the order of their ends, all windows that are due."""
        while True:
            due = [(end, match.order, n, c, key, group, match, came) for n, c, key, group, end, match, came in self.open_checks()
                   if self.newest >= self.latest(end, came) or self.passed(c) > end]
            if not due:
                return self.postpone()
            end, _, _, c, key, group, match, came = min(due, key=lambda d: d[:3])
            self.low = self.is_silent(c, min(self.newest, self.latest(end, came)))
            self.feed(getattr(self, "decide_" + c.mode)(c, key, group, match, end))

    def postpone(self):
        """A window that would be decided by the clock waits for those before it, and then anew."""
        for c, group in [(c, g) for _, c in self.waiting for g in self.groups[c.id].values() if c.mode == "window"]:
            first = min((m.ms for m in self.open(group)), default=0)
            for m in self.open(group):
                if m.begins and m.ms > first and self.newest >= self.latest(m.ms + c.span, m.came):
                    m.came = self.newest
        return None

    def ends(self, c, group):
        """(end of a window that is not yet decided, the match that it is about, when it came)."""
        if c.mode != "window":
            return group.waiting
        if not self.open(group):
            return []
        first = min(self.open(group), key=lambda m: (m.ms, not m.begins, m.order))
        return [(first.ms + c.span, first, first.came)]

    def decide_window(self, c, key, group, match, end):
        """A burst: windows that meet the condition, one after the other, with at most a timespan between them."""
        goes_on = bool(group.held) and match.ms - group.held[-1] <= c.span
        group.closed, group.held = end, []
        if not match.begins or any(m.begins and match.ms < m.ms <= end for m in group.matches):
            self.moved.add((c.id, key))
        if not c.holds(group.within(match.ms, end)):
            return []
        group.held = [end]
        return self.alert(c, key, group, match, end, not goes_on)

    def decide_silence(self, c, key, group, match, end):
        group.waiting = [w for w in group.waiting if w[:2] != (end, match)]
        return [] if group.within(match.ms + 1, end) else self.alert(c, key, group, match, end, True)

    def decide_absence(self, c, key, group, match, end):
        """A burst: matches that met the condition, at most a timespan apart."""
        group.waiting = [w for w in group.waiting if w[:2] != (end, match)]
        if not c.holds(group.within(end - c.span, end)):
            return []
        goes_on = any(abs(end - t) <= c.span for t in group.held)
        group.held.append(end)
        return self.alert(c, key, group, match, end, not goes_on)
