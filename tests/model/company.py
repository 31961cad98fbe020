"""A third tenant for tests/model/measure_day (`--tenant company`), by an author who made its choices before he had read the rules.

A seed decides what the company is (offices, a school, shops, a hospital, works, all remote, small), how long its clocks and
how many its people are, and which of twenty unpleasant days it has: a password that everybody has to change, a wave of
expiries, an outage with its storm of sign-ins, a branch or a bought company that nobody has seen before, remote desktops,
gateways shared with strangers, telephones and programs with old passwords, people who fumble with the second factor ...
The run-in is the day before, for a Monday the Friday and the weekend before. 14 to 20 attacks of as many kinds are planted on
the judged day (company_attacks.py). Records have the shape of the diagnostic setting; registered computers carry a device
id, an attacker's none. Nothing but the wording of result codes is shared with day.py.
"""
import json
import math
import random
from datetime import datetime, timezone

from company_attacks import Attacks
from generate import REASONS

H, M, DAY = 3600.0, 60.0, 86400.0
BASE = datetime(2026, 3, 2, tzinfo=timezone.utc).timestamp()  # a Monday
# city, north, east, hours ahead of UTC, providers
LANDS = {
    "DE": ("Hannover", 52.4, 9.7, 1, (3320, 6805, 31334)), "US": ("Columbus", 39.96, -83.0, -5, (7922, 7018, 701, 20115)),
    "GB": ("Leeds", 53.8, -1.55, 0, (2856, 5607, 13285)), "FR": ("Lyon", 45.76, 4.84, 1, (3215, 12322, 15557)),
    "IN": ("Pune", 18.5, 73.86, 5.5, (55836, 24560, 9829)), "BR": ("Campinas", -22.9, -47.06, -3, (28573, 27699, 18881)),
    "JP": ("Nagoya", 35.18, 136.9, 9, (4713, 2516)), "AU": ("Perth", -31.95, 115.86, 8, (1221, 4804)),
    "PL": ("Lodz", 51.76, 19.46, 1, (5617, 12741)), "NL": ("Utrecht", 52.09, 5.12, 1, (1136, 33915)),
    "SG": ("Singapore", 1.35, 103.8, 8, (9506, 4657)), "ZA": ("Durban", -29.86, 31.0, 2, (5713, 37457)),
    "VN": ("Da Nang", 16.05, 108.2, 7, (45899, 7552)), "TR": ("Bursa", 40.18, 29.06, 3, (9121, 34984)),
    "MX": ("Puebla", 19.04, -98.2, -6, (8151, 13999)), "CA": ("Calgary", 51.05, -114.07, -7, (812, 577)),
    "UA": ("Dnipro", 48.46, 35.04, 2, (15895, 25229)), "TH": ("Korat", 14.97, 102.1, 7, (23969, 45758))}
FIRST = "anna ben carla david elif fatma georg hanna ivan julia kofi lena marek nadia omar petra quinn rosa sven tara uwe vera".split()
LAST = "adler brandt costa dahl eriksen fuchs gupta haas ito jansen klein lopez meier novak okafor price rao silva tran urban".split()
APPS = ("Office 365 Exchange Online", "OfficeHome", "Microsoft Teams", "Office 365 SharePoint Online", "Azure Portal", "My Apps", "Microsoft Office")
EXCHANGE = APPS[0]
BROWSER, NATIVE = "Browser", "Mobile Apps and Desktop clients"
DENIALS = tuple("MFA denied; " + what for what in (
    "user declined the authentication", "user did not respond to mobile app notification", "Phone call not answered",
    "SMS could not be delivered", "user entered incorrect verification code", "duplicate authentication attempt"))
BLOCKED = "Sign-in was blocked because it came from an IP address with malicious activity."
OUTLOOK = ("Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)", NATIVE, "Windows10", "")
MAC = ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15", BROWSER, "MacOs", "Safari 17.6")
SCANNER = ("Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 5.1; Trident/4.0)", "Other clients", "", "")
SMTP = ("", "Authenticated SMTP", "", "")
TROUBLES = ("forced change", "expiry wave", "service loop", "stale phones", "enrolment", "storm", "new branch", "acquired", "scanner", "monitor",
            "refresh failures", "kiosks", "desktop farm", "guests", "printers", "no coverage", "updated browser", "blocked travellers",
            "password manager", "shared account")


def browser(kind, major):
    """A client: agent, type, operating system, browser."""
    edge = f" Edg/{major}.0.0.0" if kind == "Edge" else ""
    return (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{major}.0.0.0 Safari/537.36{edge}",
            BROWSER, "Windows10", f"{kind} {major}.0.0")


class Net:
    """Addresses of a provider or a site: `fixed` one, `pool` one of a few a person, `rotate` another each quarter of an hour,
    `home` one a line and lease. A provider has /16s or /32s, a site or a rented server a /24 or a /48."""

    def __init__(self, w, how, asn, land, size=1, six=False):
        self.w, self.how, self.asn, self.land, self.six = w, how, asn, land, six
        self.city, self.north, self.east = LANDS[land][:3]
        if how == "home":
            self.north += w.r.uniform(-4, 4)
        self.blocks = [w.block(six, how == "home") for _ in range(4 if how == "home" else 1)]
        self.pool = [] if how == "home" else sorted({self.one() for _ in range(size)})
        self.lease = {}

    def one(self):
        r, b = self.w.r, self.w.r.choice(self.blocks)
        if self.six:
            return b + "".join(f":{r.getrandbits(16):x}" for _ in range(7 - b.count(":")))
        return b + "".join(f".{r.randrange(1, 255)}" for _ in range(3 - b.count(".")))

    def at(self, user, t):
        r, n = self.w.r, user["n"]
        if self.how == "rotate":
            return self.pool[(n * 31 + int(t // 900) * 17 + r.randrange(2)) % len(self.pool)]
        if self.how == "pool":
            return self.pool[(n + (r.randrange(len(self.pool)) if r.random() < .15 else 0)) % len(self.pool)]
        if self.how == "fixed":
            return ":".join(self.pool[0].split(":")[:4] + [f"{n:x}", "0", "0", "1"]) if self.six else self.pool[0]
        key = (n, int((t + n * 977) // DAY) if n % 3 else 0)
        if key not in self.lease:
            self.lease[key] = self.one()
        if self.six:  # privacy addresses inside the line's own /64
            return ":".join(self.lease[key].split(":")[:4] + [f"{r.getrandbits(16):x}" for _ in range(4)])
        return self.lease[key]


class Company:
    def __init__(self, seed, users=None):
        self.r = r = random.Random(f"company {seed}")
        self.seed, self.blocks, self.events, self.truth, self.stale, self.kept, self.serial = seed, set(), [], [], set(), {}, 0
        self.kind = r.choice(("offices", "offices", "school", "shops", "remote", "hospital", "works", "small"))
        n = int(math.exp(r.uniform(math.log(300), math.log(20000))))
        self.n = users or (min(n, 900) if self.kind == "small" else n)
        self.weekday = r.choice((0, 0, 1, 2, 3, 4, 5))
        self.day = BASE + self.weekday * DAY
        self.first = self.day - (3 if self.weekday == 0 else 1) * DAY
        self.tenant, self.domain = self.guid(), f"company{seed}.example"
        self.mfa, self.prompt = r.choice((.15, .5, .85, .98)), r.choice((.08, .15, .35))
        self.typo, self.late = r.choice((.02, .05, .05, .09)), r.choice((40, 90, 150))
        self.troubles = set(r.sample(TROUBLES, r.randint(9, 15)))
        self.troubles |= {"school": {"term start"}, "shops": {"kiosks"}, "hospital": {"kiosks"}}.get(self.kind, set())
        self.major = r.randint(118, 146)
        self.lands = r.sample(sorted(LANDS), {"small": 1, "school": 1, "shops": 2, "hospital": 1}.get(self.kind) or r.randint(2, 5))
        self.networks()
        self.users, taken = [], set()
        for i in range(self.n):
            self.users.append(self.person(i, taken))
        for name, most, part in (("new branch", 250, 8), ("acquired", 600, 6)):
            land, asn = (r.choice(sorted(LANDS)), 3257) if name == "acquired" else (self.lands[-1], 174)
            site = Net(self, "pool", asn, land, 2)
            for u in self.pick(min(most, self.n // part), lambda u: u["n"] > 2 and not u["only"]) if name in self.troubles else ():
                u.update(only=name, land=land, office=site, home=r.choice(self.home[land]), mobile=self.mobile[land], place="office",
                         proxied=False, vpn=False, away=None)

    def text(self):
        return f"{self.kind}, {self.n} users, weekday {self.weekday}, second factor {self.mfa}, mistyped {self.typo}: {', '.join(sorted(self.troubles))}"

    def guid(self):
        h = f"{self.r.getrandbits(128):032x}"
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"

    def block(self, six, provider):
        r = self.r
        while True:
            if six:
                b = f"2a{r.randrange(256):02x}:{r.getrandbits(16):x}" + ("" if provider else f":{r.getrandbits(16):x}")
            else:
                b = f"{r.choice((31, 45, 62, 77, 81, 84, 91, 103, 109, 128, 146, 151, 176, 185, 188, 193, 212))}.{r.randrange(256)}" + ("" if provider else f".{r.randrange(256)}")
            if b not in self.blocks:
                self.blocks.add(b)
                return b

    def networks(self):
        r = self.r
        self.offices, self.home, self.mobile, self.hotel = [], {}, {}, {}
        for land, (*_, providers) in LANDS.items():
            self.home[land] = [Net(self, "home", a, land, six=r.random() < .3) for a in providers]
            self.mobile[land] = Net(self, "rotate", r.choice(providers) + 10, land, r.choice((12, 60, 300)))
            self.hotel[land] = Net(self, "pool", r.choice(providers), land, 6)
        for land in self.lands:
            for _ in range({"remote": 0, "small": 1, "shops": 25, "hospital": 3}.get(self.kind, r.randint(1, 4))):
                self.offices.append(Net(self, r.choice(("fixed", "fixed", "pool")), r.choice(LANDS[land][4]) + 3, land, r.randint(1, 4), six=r.random() < .15))
        self.offices = self.offices or [Net(self, "fixed", 3356, self.lands[0])]
        self.gateways = [Net(self, "rotate", 22616, land, r.randint(4, 16)) for land in self.lands] if self.kind == "remote" or r.random() < .3 else []
        self.vpn = Net(self, "pool", 9009, self.lands[0], r.randint(1, 3)) if r.random() < .4 else None
        self.farm = Net(self, "pool", 8075, self.lands[0], 3)

    def person(self, i, taken):
        r = self.r
        name = f"{r.choice(FIRST)}.{r.choice(LAST)}"
        name += "" if name not in taken else str(i)
        taken.add(name)
        office = r.choice(self.offices[:max(1, int(len(self.offices) * r.random() ** 1.5) + 1)])
        land, v, x = office.land, self.major - (0 if r.random() < .8 else r.randint(1, 6)), r.random()
        phone = (f"Mozilla/5.0 (iPhone; CPU iPhone OS 1{r.choice('78')}_{r.randrange(6)} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148", NATIVE, "Ios", "Mobile Safari") \
            if r.random() < .55 else (f"Dalvik/2.1.0 (Linux; U; Android 1{r.randrange(2, 6)}; SM-{r.choice('AGS')}{r.choice((515, 546, 911))}B)", NATIVE, "Android", "Android")
        return dict(n=i, upn=f"{name}@{self.domain}", id=self.guid(), office=office, land=land, home=r.choice(self.home[land]), mobile=self.mobile[land],
                    pc=browser("Edge", v) if x < .55 else browser("Chrome", v) if x < .85 else MAC, phone=phone, mfa=r.random() < self.mfa,
                    place=r.choices(("office", "home", "mixed"), (1, 9, 1) if self.kind == "remote" else (6, 2, 3))[0], typo=self.typo * r.choice((.4, .8, .8, 1, 3)),
                    clumsy=r.random() < .04, shift=self.kind in ("hospital", "shops") and r.random() < .6, device=self.guid() if r.random() < .6 else "",
                    vpn=bool(self.vpn) and r.random() < .3, proxied=bool(self.gateways) and r.random() < .85, off=r.random() < .03, only="", guest=False,
                    away=r.choice(sorted(LANDS)) if r.random() < (.015 if self.kind in ("offices", "remote", "works") else .003) else None)

    # -- one record, and one sign-in with what goes wrong in it

    def put(self, t, u, net, client, app, code=0, ip=None, silent=False, detail="", attack=None, upn=None, mfa=False):
        """Returns the record's id."""
        self.serial += 1
        sid = f"{self.seed & 0xffffffff:08x}-c0de-4000-8000-{self.serial:012x}"
        self.events.append((t, sid, u, net, ip or net.at(u, t), client, app, code, silent, detail, attack is not None, upn, mfa))
        return sid

    def net_of(self, u, t, out=False):
        if out and self.r.random() < .7:
            return u["mobile"]
        if u["away"]:
            return self.hotel[u["away"]]
        if u["proxied"]:
            return next((g for g in self.gateways if g.land == u["land"]), self.gateways[0])
        if u["place"] == "office" or (u["place"] == "mixed" and (u["n"] + int(t // DAY)) % 2):
            return u["office"]
        return self.vpn if u["vpn"] and self.r.random() < .8 else u["home"]

    def sign_in(self, t, u, net, client, app, typo=None, mfa=None):
        r = self.r
        if r.random() < .003:
            self.put(t - 15, u, net, client, app, 50034, upn=f"{u['upn'].split('@')[0]}@{r.choice(('gmail.com', 'web.de', 'outlook.com'))}")
        if r.random() < (u["typo"] if typo is None else typo):
            n = 1
            while r.random() < .4 and n < 12:
                n += 1
            for i in range(n):
                self.put(t, u, net, client, app, 50053 if i > 8 else 50126)
                t += r.uniform(4, 45)
            if r.random() < .07 or n > 8:
                return t  # gave up, or asked the help desk
        ask = u["mfa"] and r.random() < self.prompt if mfa is None else mfa
        if ask:
            if r.random() < .5:
                self.put(t, u, net, client, app, r.choice((50074, 50076)), mfa=True)
                t += r.uniform(3, 20)
            if r.random() < (.3 if u["clumsy"] else .03):
                for _ in range(r.choice((1, 1, 1, 2, 2, 3, 5))):
                    self.put(t, u, net, client, app, 500121, detail=r.choice(DENIALS), mfa=True)
                    t += r.uniform(25, 110)
                if r.random() < .2:
                    return t
        if r.random() < .05:
            self.put(t - 1, u, net, client, app, 50140)
        self.put(t, u, net, client, app, mfa=bool(ask))
        return t

    def pick(self, k, where=None):
        pool = [u for u in self.users if not u["off"] and (not u["only"] if where is None else where(u))]
        return self.r.sample(pool, min(k, len(pool)))

    def same(self, what, k):
        """The people whom `what` has befallen: the same on all days."""
        self.kept.setdefault(what, None)
        self.kept[what] = self.kept[what] or self.pick(k)
        return self.kept[what]

    def ordinary(self, d, working, silenced):
        r, budget = self.r, min(10.0, 130000 / self.n - 2.5)
        for u in self.users:
            if u["off"] or u["n"] in silenced or (u["only"] and d < self.day):
                continue
            if r.random() > ((.62 if u["shift"] else .8) if working else (.5 if u["shift"] else .1)):
                continue
            t0 = -LANDS[u["land"]][3] * H + (r.choice((6, 14, 22)) * H + r.gauss(0, 12 * M) if u["shift"] else r.gauss(8.8, .55) * H)
            t = t0 = d + t0 % DAY
            client = u["pc"]
            if "updated browser" in self.troubles and d == self.day and u["n"] % 3 and "Chrome/" in client[0]:
                client = browser("Edge" if "Edg/" in client[0] else "Chrome", self.major + 1)
            for _ in range(r.choice((1, 1, 2, 3))):
                t = self.sign_in(t, u, self.net_of(u, t), client, r.choice(APPS)) + r.expovariate(1 / (3 * H))
                if t > d + DAY:
                    break
            if r.random() < .12:
                t = t0 + r.uniform(-1, 10) * H
                self.sign_in(t, u, self.net_of(u, t, True), u["phone"], "Outlook Mobile")
            for _ in range(int(r.expovariate(1 / max(.3, budget)))):  # tokens that renew themselves
                t, out = t0 + r.uniform(-1, 11) * H, r.random() < .35
                code = 0 if r.random() < .985 else r.choice((700082, 70043, 50173, 50058, 65001))
                self.put(t, u, self.net_of(u, t, out), u["phone"] if out else client, "Outlook Mobile" if out else r.choice(APPS), code, silent=True)

    # -- what goes wrong in a company; d is a day's begin, nine nine o'clock in the first land

    def password_change(self, d, nine, forced):
        r = self.r
        for u in (u for u in self.users if not u["off"] and r.random() < (.75 if forced else .12)):
            t = nine + (LANDS[self.lands[0]][3] - LANDS[u["land"]][3]) * H + r.gauss(0, 30 * M)
            net = self.net_of(u, t)
            self.put(t, u, net, u["pc"], r.choice(APPS), 50055)
            if r.random() < .9:
                t = self.sign_in(t + r.uniform(40, 200), u, net, u["pc"], r.choice(APPS), typo=.18)
            if forced and r.random() < .3:  # programs go on with the old one for a while
                for _ in range(r.randint(1, 6)):
                    t += r.uniform(2, 14) * M
                    self.put(t, u, net, OUTLOOK, "Microsoft Office", 50126, silent=True)

    def crowds(self, d, nine, working):
        """Many at once: a term begins, an outage is over, a branch opens, a company is bought."""
        r, q, edge = self.r, self.troubles, browser("Edge", self.major)
        if working and ("forced change" in q or "expiry wave" in q):
            self.password_change(d, nine, "forced change" in q)
        for u in self.pick(self.n // 2) if working and "term start" in q else ():
            lab, t = self.offices[0], nine + r.choice((0, 50, 100, 150, 260)) * M + r.uniform(0, 9) * M
            t = self.sign_in(t, u, lab, edge, "OfficeHome", typo=.32)
            if r.random() < .2:  # the help desk sets a new password, which has to be changed
                self.put(t + 900, u, lab, edge, "OfficeHome", 50055)
                self.put(t + 960, u, lab, edge, "OfficeHome")
        outage = d + r.uniform(7, 15) * H
        for u in self.pick(int(self.n * .45)) if "storm" in q else ():
            net, t = self.net_of(u, outage), outage + r.expovariate(1 / (12 * M))
            for _ in range(r.randrange(3)):
                self.put(t - r.uniform(0, 25) * M, u, net, u["pc"], r.choice(APPS), 90033)
            self.sign_in(t, u, net, u["pc"], r.choice(APPS), typo=.1, mfa=u["mfa"] and r.random() < .6)
        for u in self.pick(self.n, lambda u: u["only"] == "new branch") if working else ():
            self.sign_in(nine + r.gauss(30, 25) * M, u, u["office"], edge, "OfficeHome", typo=.2, mfa=u["mfa"] and r.random() < .7)
        for u in self.pick(self.n, lambda u: u["only"] == "acquired") if working else ():
            t, net = d + (9 - LANDS[u["land"]][3]) % 24 * H + r.gauss(0, 60) * M, u["office"]
            if r.random() < .35:  # the name at the old company is still in the fingers
                self.put(t, u, net, u["pc"], "OfficeHome", 50034, upn=u["upn"].split("@")[0] + "@oldco.example")
            if r.random() < .5:
                self.put(t + 30, u, net, u["pc"], "OfficeHome", 50055)
            self.sign_in(t + 90, u, net, u["pc"], "OfficeHome", typo=.22)

    def machines(self, d, nine, working):
        """Programs and devices that go on by the clock. Returns the accounts that nobody else uses."""
        r, q, silenced = self.r, self.troubles, set()
        for i, u in enumerate(self.same("service loop", 2 if self.n > 800 else 1) if "service loop" in q else ()):
            silenced.add(u["n"])
            self.stale.add(u["upn"])
            u.setdefault("loop", Net(self, "fixed", 8075, self.lands[0]))
            for k in range(1440 // (1 + 4 * i)):
                self.put(d + k * M * (1 + 4 * i) + r.uniform(0, 5), u, u["loop"], SMTP if i else ("python-requests/2.31.0", "Other clients", "", ""),
                         EXCHANGE, 50053 if r.random() < .2 else 50126, silent=True)
        for u in self.same("stale phones", max(4, self.n // 150)) if "stale phones" in q else ():
            self.stale.add(u["upn"])
            t, end, net = d + r.uniform(0, 9) * H, d + r.uniform(14, 24) * H, u["home"] if u["n"] % 2 else u["mobile"]
            while t < end:
                self.put(t, u, net, (f"Apple-iPhone{u['n'] % 4 + 11}C{u['n'] % 5}/2107.{u['n'] % 90}", "Exchange ActiveSync", "Ios", ""),
                         EXCHANGE, 50053 if r.random() < .15 else 50126, silent=u["n"] % 3 > 0)
                t += r.expovariate(1 / (15 * M)) + 60
        for u in self.pick(max(2, self.n // 400)) if "password manager" in q and working else ():
            t = nine + r.uniform(0, 7) * H
            for _ in range(r.randint(8, 25)):
                self.put(t, u, u["home"], u["pc"], r.choice(APPS), 50126)
                t += r.uniform(20, 300)
        for i, u in enumerate(self.same("printers", max(2, len(self.offices) // 2)) if "printers" in q else ()):
            for k in range(24):
                code = 53003 if i % 2 else 50126 if r.random() < .1 else 0
                self.put(d + k * H + r.uniform(0, H), u, u["office"], SMTP, EXCHANGE, code, silent=True)
        if "monitor" in q:
            silenced.add(1)
            self.kept.setdefault("probes", [Net(self, "fixed", a, land) for a, land in ((14061, "US"), (24940, "DE"), (16509, "SG"))])
            for k in range(288):
                self.put(d + k * 300 + r.uniform(0, 9), self.users[1], self.kept["probes"][k % 3], ("Pingdom.com_bot_version_1.4", BROWSER, "", ""),
                         "OfficeHome", 50126 if k % 24 == 7 else 0)
        for i in range(r.randint(4, 14)) if "scanner" in q else ():
            name = f"{r.choice(('admin', 'test', 'guest', 'root', 'scanner', 'backup', 'info'))}{i % 5 or ''}@{self.domain}"
            self.put(d + 7 * H + i * r.uniform(2, 50), self.users[0], self.offices[-1], SCANNER, EXCHANGE, 50034, upn=name)
        for u in self.pick(max(3, self.n // 60)) if "refresh failures" in q else ():
            t = nine + r.uniform(-2, 4) * H
            for _ in range(r.randint(5, 40)):
                self.put(t, u, self.net_of(u, t), u["pc"], "Contoso Time Sheet", r.choice((700082, 70043, 50173, 50076)), silent=True)
                t += r.expovariate(1 / (8 * M))
        return silenced

    def people(self, d, nine, working):
        r, q = self.r, self.troubles
        for u in self.pick(self.n // 12) if "enrolment" in q and working else ():
            t = nine + r.gauss(0, 90 * M)
            net = self.net_of(u, t)
            self.put(t, u, net, u["pc"], "My Apps", r.choice((50079, 50072)))
            for _ in range(r.choice((0, 0, 0, 1, 2, 4))):
                t += r.uniform(30, 90)
                self.put(t, u, net, u["pc"], "My Apps", 500121, detail=r.choice(DENIALS), mfa=True)
            if r.random() < .85:
                self.put(t + 90, u, net, u["pc"], "My Apps", mfa=True)
        for u in self.pick(max(3, self.n // 300), lambda u: u["mfa"]) if "no coverage" in q else ():
            t, net = nine + r.uniform(-1, 9) * H, r.choice((self.hotel[r.choice(self.lands)], u["home"], u["office"]))
            for _ in range(r.randint(2, 7)):
                self.put(t, u, net, u["pc"], r.choice(APPS), 500121, detail=r.choice(DENIALS[1:4]), mfa=True)
                t += r.uniform(60, 400)
            if r.random() < .6:
                self.put(t, u, net, u["pc"], r.choice(APPS), mfa=True)
        for b in self.offices[:8] if "kiosks" in q else ():
            for u in self.pick(min(60, self.n // 10), lambda u, b=b: u["office"] is b and not u["away"] and not u["only"]):
                for _ in range(r.choice((1, 2))):
                    self.sign_in(d + r.choice((5.8, 6, 13.8, 14, 21.9, 11)) * H + r.gauss(0, 10 * M), u, b, browser("Chrome", self.major - 3), "OfficeHome", typo=.14, mfa=False)
        for u in self.pick(self.n // 10) if "desktop farm" in q and working else ():
            self.sign_in(nine + r.gauss(0, 1) * H, u, self.farm, browser("Edge", self.major - 1), "Azure Virtual Desktop", typo=.06)
        for i in range(max(5, self.n // 60)) if "guests" in q and working else ():
            u = dict(self.users[i], upn=f"{r.choice(FIRST)}.{r.choice(LAST)}_partner{i % 4}.com#EXT#@{self.domain}", id=self.guid(), guest=True)
            t, net = nine + r.uniform(-8, 9) * H, self.home[r.choice(sorted(LANDS))][0]
            for code in r.choice(((0,), (0,), (0, 0), (50020,), (50074, 0), (500121, 500121, 0), (50126, 0), (65001, 0))):
                self.put(t, u, net, u["pc"], "Office 365 SharePoint Online", code, mfa=True, detail=DENIALS[1] if code == 500121 else "")
                t += 30
        for u in self.pick(max(3, self.n // 200)) if "blocked travellers" in q else ():
            net, t = r.choice((self.hotel, self.mobile))[r.choice(sorted(LANDS))], nine + r.uniform(-4, 9) * H
            for _ in range(r.randint(1, 9)):
                self.put(t, u, net, r.choice((u["pc"], u["phone"])), r.choice(APPS), 53003)
                t += r.expovariate(1 / (6 * M))
        for _ in range(40) if "shared account" in q else ():
            other = r.choice(self.users)
            self.sign_in(nine + r.uniform(-1, 9) * H, self.users[2], other["home"], other["pc"], EXCHANGE, typo=.3, mfa=False)

    def life(self):
        d = self.first
        while d <= self.day:
            working, nine = datetime.fromtimestamp(d, timezone.utc).weekday() < 5, d - LANDS[self.lands[0]][3] * H + 8.8 * H
            if d == self.day:
                self.crowds(d, nine, working)
            silenced = self.machines(d, nine, working)
            self.people(d, nine, working)
            self.ordinary(d, working, silenced)
            d += DAY
        Attacks(self).all()

    # -- the records

    def record(self, e, sent):
        t, sid, u, net, ip, c, app, code, silent, detail, attack, upn, mfa = e

        def iso(x, zone):
            return datetime.fromtimestamp(x, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(x * 1000) % 1000:03d}0000{zone}"
        bad, step = code not in (0, 50140), {"authenticationStepDateTime": iso(t, "+00:00"), "StatusSequence": 0}
        reason = BLOCKED if code == 50053 and attack and u["n"] % 2 else REASONS.get(code, "Other.")
        steps = [dict(step, authenticationMethod="Previously satisfied" if silent and not bad else "Password", succeeded=code not in (50126, 50034, 50053, 50057),
                      authenticationStepRequirement="Primary authentication", RequestSequence=1)]
        if mfa:
            steps.append(dict(step, authenticationMethod="Mobile app notification", succeeded=code == 0, authenticationStepRequirement="Secondary authentication",
                              authenticationStepResultDetail=detail or ("MFA completed in Azure AD" if code == 0 else "MFA required in Azure AD"), RequestSequence=0))
        status = {"errorCode": code, **({"failureReason": reason} if bad else {}), **({"additionalDetails": detail or "MFA required in Azure AD"} if mfa else {})}
        properties = {
            "id": sid, "createdDateTime": iso(t, "+00:00"), "userDisplayName": u["upn"].split("@")[0], "userPrincipalName": upn or u["upn"],
            "userId": "00000000-0000-0000-0000-000000000000" if upn else u["id"], "appId": f"{sum(app.encode()):08x}-0000-4000-a000-000000000000", "appDisplayName": app,
            "ipAddress": ip, "status": status, "clientAppUsed": c[1], "userAgent": c[0],
            "deviceDetail": {"deviceId": u["device"] if c is u["pc"] and not attack else "", "operatingSystem": c[2], "browser": c[3]},
            "location": {"city": net.city, "state": "", "countryOrRegion": net.land, "geoCoordinates": {"latitude": round(net.north, 4), "longitude": net.east}},
            "conditionalAccessStatus": "failure" if code == 53003 else "success" if mfa else "notApplied", "isInteractive": not silent,
            "riskDetail": "none", "riskLevelAggregated": "none", "riskLevelDuringSignIn": "none", "riskState": "none", "riskEventTypes": [], "riskEventTypes_v2": [],
            "resourceTenantId": self.tenant, "homeTenantId": "77777777" + u["id"][8:] if u["guest"] else self.tenant, "authenticationDetails": steps,
            "authenticationRequirement": "multiFactorAuthentication" if mfa else "singleFactorAuthentication", "userType": "Guest" if u["guest"] else "Member",
            "autonomousSystemNumber": net.asn, "crossTenantAccessType": "b2bCollaboration" if u["guest"] else "none"}
        return json.dumps({
            "time": iso(sent - 3, "Z"), "resourceId": f"/tenants/{self.tenant}/providers/Microsoft.aadiam", "operationName": "Sign-in activity", "operationVersion": "1.0",
            "category": "NonInteractiveUserSignInLogs" if silent else "SignInLogs", "tenantId": self.tenant, "resultType": str(code),
            **({"resultDescription": reason} if bad else {}), "callerIpAddress": ip, "Level": 4, "location": net.land, "properties": properties}, separators=(",", ":"))

    def write(self, events, truth):
        """In order of arrival: most within minutes, one in a hundred late, one in two hundred twice."""
        r, out = self.r, []
        for e in self.events:
            if self.first <= e[0] < self.day + DAY:
                sent = e[0] + self.late * math.exp(r.gauss(0, .55)) + (r.uniform(0, 40 * M) if r.random() < .01 else 0)
                out += [(sent + more, e[1], e) for more in ([0, r.uniform(5, 300)] if r.random() < .005 else [0])]
        out.sort(key=lambda x: x[:2])
        with open(events, "w", encoding="utf-8") as f:
            for sent, _, e in out:
                f.write(self.record(e, sent) + "\n")
        with open(truth, "w", encoding="utf-8") as f:
            json.dump({"seed": self.seed, "users": self.n, "tenant": self.text(), "start_ms": int(self.first * 1000), "attack_start_ms": int(self.day * 1000),
                       "end_ms": int((self.day + DAY) * 1000), "events": len(out), "stale": sorted(self.stale), "attacks": self.truth}, f, default=sorted, indent=1)


def make(seed, users=None):
    company = Company(seed, users)
    company.life()
    return company
