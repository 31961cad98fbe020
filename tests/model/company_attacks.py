"""The attacks on tests/model/company.py: 14 to 20 of 21 kinds a day; what is random of each are hour, pace, size, clients and applications."""

H, M, DAY = 3600.0, 60.0, 86400.0
CLOUDS = (14061, 16509, 14618, 396982, 24940, 16276, 20473, 63949, 9009, 202425, 62240, 212238)
APPS = ("Azure Active Directory PowerShell", "Microsoft Azure CLI", "Microsoft Office", "Microsoft Teams", "Office 365 Exchange Online",
        "Azure Portal", "OfficeHome", "Microsoft Authentication Broker")
NATIVE, BROWSER = "Mobile Apps and Desktop clients", "Browser"
TOOLS = (("Go-http-client/1.1", NATIVE, "", ""), ("python-requests/2.32.3", NATIVE, "", ""), ("", NATIVE, "", ""), ("fasthttp", NATIVE, "", ""),
         ("Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.20348.1", NATIVE, "Windows10", ""), ("axios/1.7.4", NATIVE, "", ""),
         ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/80.0.3987.149 Safari/537.36", BROWSER, "Windows10", "Chrome 80.0.3987"),
         ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; Trident/7.0; rv:11.0) like Gecko", BROWSER, "Windows10", "IE 11.0"))


class Attacks:
    def __init__(self, company):
        import company as model  # the two know each other
        self.c, self.r, self.model = company, company.r, model
        self.everyone = company.users[3:]

    # -- where from: (network, address) each

    def rented(self, n=1):
        nets = [self.model.Net(self.c, "home", self.r.choice(CLOUDS), self.r.choice(("NL", "US", "DE", "UA", "SG"))) for _ in range(n)]
        return [(net, net.one()) for net in nets]

    def residential(self, n):
        r = self.r
        lands = r.sample(sorted(self.c.home), r.choice((2, 8, 16))) + self.c.lands
        nets = [r.choice(self.c.home[r.choice(lands)]) for _ in range(n)]
        return [(net, net.one()) for net in nets]

    def block(self, n, six):
        """One cloud provider's /16, sometimes two; or a /48."""
        r = self.r
        net = self.model.Net(self.c, "home", r.choice(CLOUDS), r.choice(("US", "DE", "NL", "SG")), six=six)
        net.blocks = [self.c.block(True, False)] if six else net.blocks[:r.choice((1, 1, 2))]
        return [(net, net.one()) for _ in range(n)]

    # -- with what, whom, when

    def clients(self):
        r = self.r
        return [r.choice(TOOLS) if r.random() < 2 / 3 else self.model.browser("Chrome", self.c.major - r.randrange(9))]

    def many(self):
        r = self.r
        return [self.model.browser(r.choice(("Edge", "Chrome")), self.c.major - r.randrange(20)) for _ in range(12)] + [r.choice(TOOLS) for _ in range(4)]

    def common(self):
        return [self.model.browser("Edge", self.c.major)]

    def some(self, low, high):
        return self.r.sample(self.everyone, min(len(self.everyone), self.r.randint(low, high)))

    def begin(self, kind, latest, earliest=0):
        self.c.truth.append({"kind": kind, "name": f"{kind}-{len(self.c.truth)}", "events": [], "hits": [], "sources": set(), "clients": [], "users": set()})
        return self.c.truth[-1], self.c.day + self.r.uniform(earliest, latest) * H

    def attempt(self, a, t, u, source, client, app, code, hit=False, upn=None, **more):
        event = self.c.put(t, u, source[0], client, app, code, ip=source[1], attack=a, upn=upn, mfa=code in (50074, 50076, 500121) or more.pop("mfa", False), **more)
        a["events"].append(event)
        a["first_ms"], a["last_ms"] = min(a.get("first_ms", int(t * 1000)), int(t * 1000)), max(a.get("last_ms", 0), int(t * 1000))
        a["sources"].add(source[1])
        a["users"].add(upn or u["upn"])
        if [client[0], app, client[1]] not in a["clients"]:
            a["clients"].append([client[0], app, client[1]])
        if hit:
            a["hits"].append({"event": event, "user": u["upn"], "time_ms": int(t * 1000)})

    def right(self, u):
        r = self.r
        return r.choice((50076, 50074, 50076, 50079, 53003)) if u["mfa"] else r.choice((0, 0, 0, 0, 50055, 50079))

    def spray(self, kind, latest, gap, tries, sources, clients=None, apps=None, users=None, rate=.01, per=1, locked=0.0, unknown=0.0, silent=False, earliest=0):
        """One attempt a `gap`; `rate` of the passwords are right, and one at least."""
        r = self.r
        a, t = self.begin(kind, latest, earliest)
        clients, apps, users = clients or self.clients(), apps or [r.choice(APPS)], users or self.some(60, 300)
        sure = int(tries * r.uniform(.3, .9)) if rate else -1
        for k in range(tries):
            u = users[k % len(users)]
            right, name = (r.random() < rate or k == sure) and not u["off"], None
            code = self.right(u) if right else 50057 if u["off"] and r.random() < .5 else 50053 if r.random() < locked else 50126
            if not right and r.random() < unknown:
                code, name = 50034, f"{r.choice(self.model.FIRST)}{r.choice(self.model.LAST)}{r.randrange(99)}@{self.c.domain}"
            self.attempt(a, t, u, sources[(k // per) % len(sources)], r.choice(clients), r.choice(apps), code, right, name, silent=silent)
            t += r.expovariate(1 / gap) if gap < 300 else gap * r.uniform(.7, 1.3)
            if t > self.c.day + DAY - 900:
                break
        return a, t, clients[0], apps[0], users

    def later(self):
        a, t, client, app, users = self.spray("later_elsewhere", 12, self.r.uniform(2, 30), self.r.randint(30, 200), self.rented(), rate=0)
        t = min(t + self.r.uniform(.3, 8) * H, self.c.day + DAY - 600)
        self.attempt(a, t, self.r.choice([u for u in users if not u["off"]]), self.rented()[0], client, app, 0 if self.r.random() < .7 else 50076, True)

    def targeted(self):
        r = self.r
        n, users = r.randint(10, 40), [r.choice([u for u in self.everyone if not u["off"]])]
        a, t, *_ = self.spray("one_user", 19, r.uniform(2, 7) * M, n, self.residential(n), users=users, rate=0, earliest=1)
        if r.random() < .4:
            self.attempt(a, t, users[0], self.residential(1)[0], self.clients()[0], "OfficeHome", 0, True)

    def fatigue(self, kind, approved):
        r = self.r
        a, t = self.begin(kind, 22, 1)
        u, source = r.choice([u for u in self.everyone if u["mfa"]] or self.everyone), (self.rented() if r.random() < .5 else self.residential(1))[0]
        client = r.choice((self.model.browser("Chrome", self.c.major), self.common()[0], r.choice(TOOLS)))
        for i in range(r.randint(4, 16)):
            if i % 3 == 0:
                self.attempt(a, t - 4, u, source, client, "OfficeHome", 50074)
            self.attempt(a, t, u, source, client, "OfficeHome", 500121, detail=r.choice(self.model.DENIALS[:2]))
            t += r.uniform(30, 240)
        if approved:
            self.attempt(a, t, u, source, client, "OfficeHome", 0, True, mfa=True)

    def all(self):
        r, c = self.r, self.c
        office = r.choice(c.offices)
        kinds = {
            "fast": lambda k: self.spray(k, 22, r.uniform(1, 8), r.randint(40, 900), self.rented(), users=self.some(40, 900)),
            "slow": lambda k: self.spray(k, 10, 600, r.randint(45, 110), self.rented(), rate=.02),
            "slower": lambda k: self.spray(k, 2, r.uniform(30, 55) * M, 45, r.choice((self.rented(), self.residential(1))), rate=.03),
            "inside": lambda k: self.spray(k, 16, r.uniform(10, 90), r.randint(20, 150), [(office, office.at(c.users[5], c.day))], rate=.02, earliest=6),
            "proxies": lambda k: self.spray(k, 14, r.uniform(20, 200), r.randint(60, 300), self.residential(150), per=r.randint(1, 3)),
            "covert": lambda k: self.spray(k, 5, r.uniform(12, 25) * M, r.randint(30, 70), self.residential(60), [r.choice(TOOLS)], users=self.some(70, 200), rate=.03),
            "cloud_16": lambda k: self.spray(k, 18, r.uniform(10, 90), r.randint(60, 300), self.block(400, False)),
            "six_48": lambda k: self.spray(k, 18, r.uniform(10, 120), r.randint(40, 200), self.block(300, True)),
            "rotating_clients": lambda k: self.spray(k, 14, r.uniform(20, 120), r.randint(80, 250), self.residential(120), self.many(), rate=.015, per=2),
            "common_client": lambda k: self.spray(k, 14, r.uniform(20, 150), r.randint(80, 250), self.residential(120), self.common(),
                                                  [r.choice(("OfficeHome", "Azure Portal"))], rate=.015, per=2),
            "many_applications": lambda k: self.spray(k, 14, r.uniform(20, 150), r.randint(80, 250), self.residential(120), apps=APPS, rate=.015, per=2),
            "twenty_users": lambda k: self.spray(k, 8, r.uniform(2, 9) * M, r.randint(60, 100), self.rented(r.randint(2, 6)), users=self.some(20, 20), rate=.02, per=4),
            "all_users": lambda k: self.spray(k, 10, 9 * H / min(c.n, 4000), min(c.n, 4000), self.rented(r.randint(15, 60)), apps=APPS[:3],
                                              users=self.some(c.n, c.n), rate=.003),
            "invented_names": lambda k: self.spray(k, 22, r.uniform(2, 40), r.randint(40, 300), self.rented(), unknown=.7),
            "lockout": lambda k: self.spray(k, 22, r.uniform(2, 20), r.randint(40, 300), self.rented(2), rate=.005, locked=.7),
            "legacy": lambda k: self.spray(k, 16, r.uniform(20, 180), r.randint(50, 200), self.rented(r.randint(3, 10)),
                                           [("BAV2ROPC", r.choice(("IMAP4", "Authenticated SMTP", "POP3")), "", "")], [APPS[4]], silent=True),
            "stuffing": lambda k: self.spray(k, 16, r.uniform(1, 4) * M, r.randint(25, 60), self.residential(60), users=self.some(30, 60), rate=.15),
            "later_elsewhere": lambda k: self.later(), "one_user": lambda k: self.targeted(),
            "fatigue": lambda k: self.fatigue(k, False), "fatigue_approved": lambda k: self.fatigue(k, True)}
        for kind in r.sample(sorted(kinds), r.randint(14, 20)):
            kinds[kind](kind)
