"""The attacks that tests/model/day.py plants. What is random of each: number, pace, hour, agents, applications, client types."""

MINUTE, HOUR, DAY = 60000, 3600000, 86400000
TOOLS = ["python-requests/2.32.3", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/102.0.5005.63 Safari/537.36",
         "BAV2ROPC", "fasthttp", "okhttp/4.12.0", "Mozilla/5.0 (X11; Linux x86_64; rv:78.0) Gecko/20100101 Firefox/78.0", "axios/1.7.7",
         "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 5.1; Trident/4.0)"]
APPS = ["Office 365 Exchange Online", "Azure Portal", "Microsoft Azure PowerShell", "Microsoft Azure CLI", "OfficeHome", "Microsoft Teams"]
CLIENTS = ["Browser", "Browser", "Mobile Apps and Desktop clients", "Authenticated SMTP", "IMAP4", "Exchange ActiveSync", "Other clients"]
LEGACY = {"Authenticated SMTP", "IMAP4", "Other clients"}
MORE_ASKED = [50074, 50076, 50079, 53003, 50055]


class Where:
    def __init__(self, asn, country):
        self.asn, self.country, self.trusted = asn, country, False


class Attacks:
    def __init__(self, day):
        self.day, self.r, self.number = day, day.r, 0
        self.inside = day.r.sample(TOOLS, len(TOOLS))  # no two attacks inside the office look alike
        self.pools, self.varied = set(), day.tenant.varied

    def begin(self, kind, latest_hour=14.0):
        self.number += 1
        attack = {"kind": kind, "name": f"{kind}-{self.number}", "events": [], "hits": [], "sources": [], "clients": [], "users": []}
        self.day.truth.append(attack)
        return attack, self.day.attack_start + self.r.uniform(0.2, latest_hour) * HOUR

    def client(self, common=0.3):
        """agent, application and client type of an attacker; some wear the commonest browser."""
        r = self.r
        kind = r.choice(CLIENTS)
        if kind in LEGACY:
            return dict(agent=r.choice(["", "BAV2ROPC", "CBAInPROD"]), app="Office 365 Exchange Online", client=kind)
        agent = r.choice(self.day.people).agent if r.random() < common else r.choice(TOOLS)
        return dict(agent=agent, app=r.choice(APPS), client=kind)

    def own_client(self):
        """One that no other pool of addresses has: else the two would be one campaign, and one alert."""
        for _ in range(20):
            client = self.client()
            if (client["agent"], client["app"]) not in self.pools:
                break
        self.pools.add((client["agent"], client["app"]))
        return client

    def sign_in(self, attack, t, person, ip, where, code, client):
        day = self.day
        event = day.add(t, day.spelling(person.name), person.user_id, ip, where, code=code, auth="singleFactorAuthentication", **client)
        attack["events"].append(event)
        attack["first_ms"] = min(attack.get("first_ms", int(t)), int(t))
        attack["last_ms"] = max(attack.get("last_ms", int(t)), int(t))
        for key, value in (("sources", ip), ("clients", [client["agent"], client["app"], client["client"]]), ("users", person.name)):
            if value not in attack[key]:
                attack[key].append(value)
        return event

    def tries(self, people):
        """The order in which accounts are tried: once each, or, of attackers who vary, sometimes in several rounds."""
        return people * self.r.choice([1, 1, 2, 3]) if self.varied else people

    def wrong(self):
        return 50126 if self.r.random() < 0.9 else self.r.choice([50053, 50034, 50053])

    def victims(self, number):
        return self.r.sample(self.day.people, min(number, len(self.day.people)))

    def hits(self, attack, people, source, when):
        """The right password, right away or hours later; source() gives (address, where, client)."""
        r = self.r
        if self.varied and r.random() < 0.3:  # somebody of whom the first password is the right one
            people = people + self.victims(len(people) // 4 + 1)
        for person in r.sample(people, min(r.choice([0, 1, 1, 2, 3]), len(people))):
            t = when + (r.uniform(1, 15) * MINUTE if r.random() < 0.5 else r.uniform(0.5, 9) * HOUR)
            if t >= self.day.end:
                continue
            ip, where, client = source()
            event = self.sign_in(attack, t, person, ip, where, 0 if r.random() < 0.6 else r.choice(MORE_ASKED), client)
            attack["hits"].append({"event": event, "user": person.name, "time_ms": int(t)})

    def one_source(self, kind, ip, where, client, users, gap, latest, span=DAY):
        attack, t = self.begin(kind, latest)
        people, stop, gap = self.victims(users), min(self.day.end, t + span), gap * self.day.tenant.pace
        for person in self.tries(people):
            if t >= stop:
                break
            self.sign_in(attack, t, person, ip, where, self.wrong(), client)
            t += self.r.uniform(0.6, 1.4) * gap
        # a spray that goes on till the day ends finds what it finds in its last hours
        late = max(stop - HOUR * self.r.uniform(1, 6), (attack["first_ms"] + stop) / 2)
        self.hits(attack, people, lambda: (ip, where, client), t if t < stop - HOUR else late)

    def cloud_address(self):
        r = self.r
        return f"198.{18 + r.randrange(2)}.{r.randrange(256)}.{r.randrange(1, 255)}", Where(65000 + r.randrange(60), r.choice(["US", "NL", "RU", "SG"]))

    def fast_spray(self):
        r = self.r
        ip, where = self.cloud_address()
        self.one_source("fast_spray", ip, where, self.client(), r.randrange(12, 300), r.uniform(0.8, 25) * 1000, 20)

    def slow_spray(self):
        r = self.r
        ip, where = self.cloud_address()
        self.one_source("slow_spray", ip, where, self.client(), 400, r.uniform(7, 12) * MINUTE, 3)

    def nat_spray(self):
        """A machine inside the office: its agent is not one that the office has much of."""
        r = self.r
        client = dict(agent=self.inside[self.number % len(TOOLS)], app=r.choice(APPS), client="Browser")
        office = r.choice(self.day.offices or [self.day.branch])
        self.one_source("nat_spray", office.address(r), office, client, r.randrange(15, 90), r.uniform(15, 90) * 1000, 18)

    def residential(self):
        r, day = self.r, self.day
        isp = r.choice(day.isps) if r.random() < 0.35 else 65100 + r.randrange(120)
        if r.random() < day.tenant.six / 2:
            return f"2001:db8:{r.randrange(0x9000, 0xcfff):x}:{r.randrange(65536):x}::{r.randrange(1, 999):x}", Where(isp, "NL")
        return f"10.{r.randrange(130, 255)}.{r.randrange(256)}.{r.randrange(1, 255)}", Where(isp, r.choice(["NL", "NL", "DE", "US", "BR"]))

    def residential_spray(self):
        r = self.r
        attack, t = self.begin("residential_spray", 10)
        client, people = self.own_client(), self.victims(r.randrange(150, 450))
        gap, left = r.uniform(2, 10) * self.day.tenant.pace * HOUR / len(people), 0
        disguised = self.varied and r.random() < 0.2 and client["agent"] and client["client"] not in LEGACY
        for person in self.tries(people):
            if left == 0:
                (ip, where), left = self.residential(), r.choice([1, 1, 2])
                client = dict(client, agent=r.choice(self.day.people).agent) if disguised else client
            left -= 1
            self.sign_in(attack, t, person, ip, where, self.wrong(), client)
            t += self.r.expovariate(1 / gap)
        self.hits(attack, people, lambda: (*self.residential(), client), t)

    def network_spray(self):
        """From a /24 (or a /48) of a cloud, an address after the other; often each with a client of its own."""
        r = self.r
        attack, t = self.begin("network_spray", 8)
        net, where = self.cloud_address()
        six, clients = r.random() < 0.25, [self.own_client() for _ in range(r.choice([1, 3, 12]))]
        hosts = r.sample(range(1, 255), r.randrange(6, 70))
        block = f"2001:db8:{r.randrange(0xd000, 0xdfff):x}"

        def source():
            host = r.choice(hosts)
            return (f"{block}:{host:x}::{r.randrange(1, 9)}" if six else net.rsplit(".", 1)[0] + f".{host}"), where, r.choice(clients)

        people = self.victims(r.randrange(20, 160))
        gap = r.uniform(1, 14) * self.day.tenant.pace * HOUR / len(people)
        for person in self.tries(people):
            ip, _, client = source()
            self.sign_in(attack, t, person, ip, where, self.wrong(), client)
            t += r.expovariate(1 / gap)
        self.hits(attack, people, source, t)

    def many_networks(self):
        """One user, guessed at patiently through a pool of addresses."""
        r = self.r
        attack, t = self.begin("many_networks", 11)
        person, client = r.choice(self.day.people), self.client()
        number = r.randrange(12, 40)
        gap = r.uniform(2, 20) * MINUTE
        for _ in range(number):
            ip = f"10.{r.randrange(130, 255)}.{r.randrange(256)}.{r.randrange(1, 255)}"
            self.sign_in(attack, t, person, ip, Where(65100 + r.randrange(120), "US"), self.wrong(), client)
            t += r.uniform(0.5, 1.5) * gap

    def mfa_fatigue(self):
        r = self.r
        attack, t = self.begin("mfa_fatigue", 22)
        person, client = r.choice(self.day.people), self.client()
        ip, where = self.cloud_address() if r.random() < 0.5 else self.residential()
        asks = self.varied and r.random() < 0.5  # the prompt itself is a record, too
        for _ in range(r.randrange(3, 13)):
            if asks:
                self.sign_in(attack, t - 9000, person, ip, where, 50074, client)
            self.sign_in(attack, t, person, ip, where, 500121, client)
            t += r.uniform(0.3, 4) * MINUTE
        if r.random() < 0.75:
            event = self.sign_in(attack, t, person, ip, where, 0, client)
            attack["hits"].append({"event": event, "user": person.name, "time_ms": int(t)})

    KINDS = {"fast_spray": 3, "slow_spray": 2, "nat_spray": 2, "residential_spray": 2, "network_spray": 2, "many_networks": 3, "mfa_fatigue": 4}

    def all(self, kinds=None):
        for kind, times in (self.KINDS if kinds is None else kinds).items():
            for _ in range(times):
                getattr(self, kind)()
