#!/usr/bin/python3
"""A day of an office, and who attacks it in the meantime.

    day.py --seed N --events FILE --truth FILE [--users 2500] [--tenant office|drawn] [--shape mix|a|b|c|d] [--bytes 0]

Two days of sign-ins: the first is ordinary life only (run-in for the windows of
a day and for what is familiar), the second has planted attacks besides. The
truth file names every attack: kind, first and last attempt, its events, and its
hits (sign-ins with the right password). Life: an office behind one address,
home workers, telephones behind carrier NAT that move from address to address,
kiosks, telephones that keep an old password, service accounts whose secret has
expired, travellers, guests, shared VPN exits, MFA prompts that are approved and
some that are refused by mistake, tokens that renew themselves, users in several
spellings, records that come late. With `--tenant drawn` the seed also decides
what kind of tenant it is (tenant.py). The same seed gives the same bytes.
Nothing here is read by the daemon; the attacks stand in day_attacks.py.
"""
import argparse
import json
import math
import random

import generate
import tenant as tenants
from day_attacks import Attacks

MINUTE, HOUR, DAY = 60000, 3600000, 86400000
START_MS = 1794873600000  # 2026-11-17T00:00:00Z, a Tuesday
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{0}.0.0.0 Safari/537.36 Edg/{0}.0.0.0"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{0}.0.0.0 Safari/537.36"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{0} Safari/605.1.15"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{0}.0) Gecko/20100101 Firefox/{0}.0"
# An office whose computers are managed: most have the one browser.
DESKTOPS = [(40, EDGE.format(130)), (14, EDGE.format(131)), (14, CHROME.format(130)), (8, CHROME.format(131)), (6, MAC.format("17.5")),
            (5, MAC.format("18.1")), (4, FIREFOX.format(132)), (3, FIREFOX.format(115)), (3, CHROME.format(129)), (2, EDGE.format(128)),
            (1, CHROME.format(109))]
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS {0} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
ANDROID = "Mozilla/5.0 (Linux; Android {0}; {1}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.6723.102 Mobile Safari/537.36"
PHONES = [(25, IPHONE.format("18_1")), (20, IPHONE.format("17_6")), (8, IPHONE.format("16_7")), (20, ANDROID.format(14, "SM-S921B")),
          (15, ANDROID.format(13, "SM-A536B")), (12, ANDROID.format(14, "Pixel 8"))]
SYNC = ["Apple-iPhone14C5/2101.101", "Apple-iPhone15C2/2201.88", "Android-Mail/2024.10.06", "Android-SAMSUNG-SM-S921B/101.14", "Outlook-iOS/723.4"]
WORK_APPS = [(40, "Office 365 Exchange Online"), (25, "Microsoft Teams"), (15, "OfficeHome"), (8, "SharePoint Online"), (6, "Salesforce"),
             (4, "Workday"), (2, "Azure Portal")]
PHONE_APPS = [(60, "Outlook Mobile"), (30, "Microsoft Teams"), (10, "Microsoft Authentication Broker")]
COUNTRIES = ["NL", "DE", "FR", "US", "GB", "ES", "JP", "BR", "AE", "ZA"]
GIVEN = "ada alan barbara donald edsger grace john ken leslie margaret niklaus radia tim vint whitfield yukihiro".split()


def pick(r, weighted):
    return r.choices([v for _, v in weighted], [w for w, _ in weighted])[0]


class Place:
    """Where somebody signs in from: an address, or a pool that every sign-in takes another of."""

    def __init__(self, asn, addresses, country="NL", trusted=False):
        self.asn, self.addresses, self.country, self.trusted = asn, addresses, country, trusted

    def address(self, r):
        return self.addresses[0] if len(self.addresses) == 1 else r.choice(self.addresses)


class Person:
    def __init__(self, n, r, tenant):
        self.name = f"{GIVEN[n % len(GIVEN)]}.{n}@contoso.example"
        self.user_id = f"6b1f0c44-0000-4000-8000-{n:012x}"
        self.agent = DESKTOPS[0][1] if r.random() < tenant.one_browser else pick(r, DESKTOPS)
        self.phone = pick(r, PHONES) if r.random() < tenant.telephones else None
        self.sync = r.choice(SYNC)
        self.reads_by_sync, self.legacy = r.random() < tenant.sync, r.random() < tenant.legacy
        self.home = self.carrier = self.desk = None
        self.at_office = self.at_vpn = False
        self.zone = tenant.zones[0]
        self.resource_home = generate.TENANT


class Day:
    """The tenant: its people, its networks, its two days."""

    def __init__(self, seed, tenant):
        self.r, self.tenant = random.Random(seed), tenant
        self.seed, self.users, self.serial = seed, tenant.users, 0
        self.events, self.truth = [], []
        self.stale_names, self.start = set(), START_MS
        self.attack_start = START_MS + DAY
        self.end = START_MS + 2 * DAY
        self.app_ids = {}
        self.networks()
        self.people = [self.person(n) for n in range(self.users)]

    # -- who and where

    def networks(self):
        r = self.r
        self.offices = [Place(64500, [f"192.0.2.{10 + n}"], trusted=True) for n in range(self.tenant.offices)]
        self.branch = Place(64500, ["192.0.2.77"], trusted=True)
        self.vpn = [Place(64510, [f"198.51.100.{7 + n}"]) for n in range(self.tenant.vpn_exits)]
        self.isps = [64520 + n for n in range(8)]
        self.carriers = [Place(64540 + n, [f"100.{70 + n}.{r.randrange(256)}.{r.randrange(1, 255)}" for _ in range(r.randrange(*self.tenant.pool))])
                         for n in range(self.tenant.carriers)]
        self.servers = Place(64500, ["192.0.2.200"], trusted=True)

    def home_place(self):
        r = self.r
        isp = r.choice(self.isps)
        block = 16 * (isp - 64520) + 1
        if r.random() < self.tenant.six:
            return Place(isp, [f"2001:db8:{isp - 64520:x}{r.randrange(4096):03x}:{r.randrange(65536):x}::{n:x}" for n in r.sample(range(1, 65536), 3)])
        return Place(isp, [f"10.{block + r.randrange(15)}.{r.randrange(256)}.{r.randrange(1, 255)}"])

    def person(self, n):
        r, tenant = self.r, self.tenant
        p = Person(n, r, tenant)
        p.home, p.carrier = self.home_place(), r.choice(self.carriers)
        kind, office = r.random(), r.randrange(max(1, tenant.offices))
        p.at_office = kind < tenant.at_office or (kind < tenant.at_office + tenant.at_either and r.random() < 0.5)
        p.at_vpn = not p.at_office and r.random() < tenant.at_vpn
        p.desk = self.offices[office] if p.at_office else r.choice(self.vpn) if p.at_vpn else p.home
        p.zone = tenant.zones[office] if p.at_office else tenant.zones[0]
        return p

    # -- one sign-in

    def spelling(self, name):
        kind = self.r.random()
        return name if kind < 0.9 else name.title() if kind < 0.95 else name.upper() if kind < 0.98 else name + " "

    def add(self, t, user, user_id, ip, place, **members):
        """Returns the event's id; late(t) decides when it arrives."""
        r = self.r
        self.serial += 1
        app = members.get("app", "Office 365 Exchange Online")
        fields = dict(id=f"{self.seed & 0xffffffff:08x}-0000-4000-8000-{self.serial:012x}", time_ms=int(t), user=user, user_id=user_id,
                      display=user.split("@")[0], ip=ip, asn=place.asn if self.tenant.numbers else None, country=place.country, city="", pad=0,
                      app_id=f"0000aaaa-0000-4000-8000-{self.app_ids.setdefault(app, len(self.app_ids)):012x}",
                      auth="singleFactorAuthentication" if place.trusted else "multiFactorAuthentication")
        fields.update(members)
        s = generate.SignIn(**fields)
        late = r.expovariate(1 / 20000) if r.random() < 0.9 else r.uniform(0, 5 * MINUTE)
        self.events.append((t + late, self.serial, s))
        return s.id

    def by(self, p, t, place, code=0, **members):
        return self.add(t, self.spelling(p.name), p.user_id, members.pop("ip", None) or place.address(self.r), place,
                        code=code, home=p.resource_home, **members)

    # -- ordinary life

    def password(self, p, t, place, **members):
        """Somebody types a password: some mistype, most of these then get in; some are asked for more."""
        r, tenant = self.r, self.tenant
        ip = place.address(r)
        while r.random() < tenant.noise:
            self.by(p, t - r.uniform(0, 5) * 1000, place, code=r.choice([50058, 50058, 50140, 65001, 16000, 50125, 50199]), ip=ip, **members)
        if r.random() < tenant.mistyped:
            for _ in range(r.choice([1, 1, 1, 2, 2, 3])):
                if r.random() < 0.04:
                    self.add(t, p.name.replace(".", r.choice(["", "-", ".x"]), 1), "", ip, place, code=50034, home=p.resource_home, **members)
                else:
                    self.by(p, t, place, code=50126, ip=ip, **members)
                t += r.uniform(4, 60) * 1000
            if r.random() < tenant.gives_up:
                return
        if r.random() < tenant.blocked and not place.trusted:
            for _ in range(r.choice([1, 1, 2, 5])):
                self.by(p, t, place, code=r.choice([53003, 53003, 53000, 530032, 50105]), ip=ip, **members)
                t += r.uniform(5, 90) * 1000
            return
        if r.random() < tenant.expired:
            self.by(p, t, place, code=r.choice([50055, 50144]), ip=ip, **members)
            t += r.uniform(20, 120) * 1000
        if not place.trusted and r.random() < tenant.more_asked:
            self.by(p, t, place, code=r.choice([50074, 50076]), ip=ip, **members)
            t += r.uniform(5, 40) * 1000
            refused = 0
            while refused < 4 and r.random() < (tenant.refuses if refused == 0 else tenant.refuses_again):
                self.by(p, t, place, code=500121, ip=ip, **members)
                refused += 1
                t += r.uniform(20, 90) * 1000
        self.by(p, t, place, ip=ip, **members)

    def is_free(self, day):
        return (day - self.start) // DAY in self.tenant.free_days

    def workday(self, p, day):
        r = self.r
        if p.phone:
            self.telephone(p, day)
        if p.legacy:
            self.mail_client(p, day)
        if r.random() < (0.94 if self.is_free(day) else 0.08):
            return
        day -= int(p.zone * HOUR)
        if day < self.start - DAY / 2:
            day += DAY
        begin = day + 9 * HOUR + r.gauss(0, 35) * MINUTE
        for n in range(r.choice([1, 1, 2, 3])):
            self.password(p, begin + n * r.uniform(0.5, 20) * MINUTE, p.desk, agent=p.agent, app=pick(r, WORK_APPS))
        if r.random() < 0.35:
            self.password(p, day + 13 * HOUR + r.gauss(0, 30) * MINUTE, p.desk, agent=p.agent, app=pick(r, WORK_APPS))
        if r.random() < 0.12:
            self.password(p, day + 20 * HOUR + r.gauss(0, 60) * MINUTE, p.home, agent=p.agent, app=pick(r, WORK_APPS))
        t = begin if self.tenant.renewals else math.inf
        while t < begin + 8 * HOUR:  # tokens that renew themselves
            t += r.expovariate(1 / 150) * MINUTE
            self.by(p, t, p.desk, code=0 if r.random() < 0.98 else r.choice([50173, 70044, 50140]), agent=p.agent, app=pick(r, WORK_APPS),
                    category="NonInteractiveUserSignInLogs")

    def mail_client(self, p, day):
        """A mail client that names no agent, at the desk and at home."""
        r = self.r
        t, kind = day + r.uniform(0, 6) * HOUR, r.choice(["IMAP4", "Authenticated SMTP", "POP3", "Other clients"])
        while t < day + DAY:
            self.by(p, t, p.desk if 8 < (t - day) / HOUR < 18 else p.home, agent="", app="Office 365 Exchange Online", client=kind,
                    auth="singleFactorAuthentication")
            t += r.expovariate(1 / 120) * MINUTE

    def telephone(self, p, day):
        r = self.r
        t = day + r.uniform(5, 8) * HOUR
        while t < day + 23 * HOUR:
            place = p.home if r.random() < 0.4 else p.carrier
            if p.reads_by_sync:
                self.by(p, t, place, agent=p.sync, app="Office 365 Exchange Online", client="Exchange ActiveSync")
            elif r.random() < 0.05:
                self.password(p, t, place, agent=p.phone, app=pick(r, PHONE_APPS), client="Mobile Apps and Desktop clients")
            elif self.tenant.renewals:
                self.by(p, t, place, agent=p.phone, app=pick(r, PHONE_APPS), client="Mobile Apps and Desktop clients",
                        category="NonInteractiveUserSignInLogs")
            t += r.expovariate(1 / 240) * MINUTE

    def kiosks(self, day):
        r = self.r
        for k in range(self.tenant.kiosks):
            t = day + r.uniform(6, 7) * HOUR
            agent = CHROME.format(118 + k % 4)
            crew = r.sample(self.people, min(60, len(self.people)))
            while t < day + 21 * HOUR:
                self.password(r.choice(crew), t, self.branch, agent=agent, app="Workday")
                t += r.expovariate(1 / 12) * MINUTE

    def stale_telephones(self):
        """The password was changed; the telephone has the old one until somebody looks."""
        r = self.r
        for p in r.sample(self.people, max(1, round(self.users * self.tenant.stale))):
            self.stale_names.add(p.name)
            t = self.start + r.uniform(8, 40) * HOUR
            stop, gap = t + r.uniform(6, 40) * HOUR, r.uniform(8, 40)
            while t < min(stop, self.end):
                hour = t % DAY / HOUR
                place = p.home if hour < 7 or hour > 21 else p.carrier if r.random() < 0.7 else p.home
                self.by(p, t, place, code=50126 if r.random() < 0.9 else 50053, agent=p.sync, app="Office 365 Exchange Online",
                        client="Exchange ActiveSync")
                t += r.uniform(0.6, 1.4) * gap * MINUTE

    def service_accounts(self):
        r = self.r
        cloud = [Place(64560 + n, [f"198.51.100.{100 + n}"]) for n in range(2)]
        for n in range(self.tenant.services):
            name, expired = f"svc-{n}@contoso.example", n % 4 == 1
            place = r.choice([self.servers, self.servers, *cloud])
            t, gap = self.start + r.uniform(0, 60) * MINUTE, r.uniform(4, 45)
            if expired:
                self.stale_names.add(name)
            since = self.start + r.uniform(-12, 30) * HOUR if expired else self.end
            client = r.choice(["Authenticated SMTP", "Other clients", "IMAP4", "Mobile Apps and Desktop clients"])
            code = r.choice([50126, 50126, 50055])
            while t < self.end:
                self.add(t, name, f"5e000000-0000-4000-8000-{n:012x}", place.address(r), place, code=code if t > since else 0, agent="",
                         client=client, app=f"Line of business {n % 5}", auth="singleFactorAuthentication")
                t += r.uniform(0.8, 1.2) * gap * MINUTE

    def travellers(self):
        r = self.r
        for n in range(max(1, round(self.users * self.tenant.travellers))):
            p, country = r.choice(self.people), r.choice(COUNTRIES[1:])
            hotel = Place(64580 + r.randrange(12), [f"198.51.100.{150 + r.randrange(40)}"], country)
            abroad = Place(64600 + r.randrange(8), [f"100.{100 + n % 20}.{r.randrange(256)}.{r.randrange(1, 255)}" for _ in range(12)], country)
            day = self.start + r.choice([0, DAY, DAY])
            for _ in range(r.randrange(2, 8)):
                t = day + r.uniform(0, 24) * HOUR
                phone = r.random() < 0.5
                self.password(p, t, abroad if phone else hotel, agent=(p.phone or p.agent) if phone else p.agent, app=pick(r, WORK_APPS))

    def conference(self):
        """Some colleagues in one hotel, whose address nobody has seen."""
        r = self.r
        place = Place(64599, ["198.51.100.201"], "DE")
        for p in r.sample(self.people, min(18, len(self.people))):
            for _ in range(r.randrange(1, 4)):
                self.password(p, self.attack_start + r.uniform(7, 22) * HOUR, place, agent=p.agent, app=pick(r, WORK_APPS))

    def guests(self, day):
        r = self.r
        for n in range(max(3, round(self.users * self.tenant.guests))):
            firm = n % 5
            g = Person(n, r, self.tenant)
            g.name, g.user_id = f"guest{n}_partner{firm}.example#EXT#@contoso.example", f"9a000000-0000-4000-8000-{n:012x}"
            g.resource_home = f"9e2f4b77-61c0-4e1d-8a3b-5f10de77b{firm:03x}"
            place = Place(64570 + firm, [f"203.0.113.{200 + firm}"], COUNTRIES[firm])
            agent = r.choice(DESKTOPS)[1]
            for _ in range(r.choice([0, 1, 2])):
                self.password(g, day + r.gauss(11.5, 2.5) * HOUR, place, agent=agent, app="SharePoint Online")

    def night_work(self, day):
        """A few sign in at any hour."""
        r = self.r
        for p in r.sample(self.people, max(1, self.users // 25)):
            self.password(p, day + r.uniform(0, 24) * HOUR, p.home, agent=p.agent, app=pick(r, WORK_APPS))

    def life(self):
        for day in (self.start, self.attack_start):
            for p in self.people:
                self.workday(p, day)
            self.kiosks(day)
            self.guests(day)
            self.night_work(day)
        self.stale_telephones()
        self.service_accounts()
        self.travellers()
        self.conference()


def make(seed, users=None, kinds=None, tenant="office"):
    """tenant: office, or drawn from the seed; users overrides its size."""
    day = Day(seed, tenants.drawn(seed, users) if tenant == "drawn" else tenants.Tenant(users=users or 2500))
    day.life()
    Attacks(day).all(kinds)
    begin = day.start if day.tenant.history else day.attack_start
    day.events = [e for e in day.events if begin <= e[2].time_ms < day.end]
    day.events.sort(key=lambda e: e[:2])
    return day


def write(day, events, truth, shape="mix", bytes_wanted=0):
    shapes = random.Random(day.seed + 77)
    with open(events, "w", encoding="utf-8") as f:
        for _, _, s in day.events:
            s.pad = max(0, math.ceil((bytes_wanted - 2500) / 235))
            f.write(generate.line(s, shape if shape != "mix" else shapes.choice("abcd")) + "\n")
    kept = {s.id for _, _, s in day.events}
    for attack in day.truth:
        attack["hits"] = [h for h in attack["hits"] if h["event"] in kept]
        attack["events"] = [e for e in attack["events"] if e in kept]
    with open(truth, "w", encoding="utf-8") as f:
        json.dump({"seed": day.seed, "users": day.users, "tenant": day.tenant.text(), "start_ms": day.start, "attack_start_ms": day.attack_start, "end_ms": day.end,
                   "events": len(day.events), "stale": sorted(day.stale_names), "attacks": day.truth}, f, indent=1)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--seed", type=int, required=True)
    p.add_argument("--events", required=True)
    p.add_argument("--truth", required=True)
    p.add_argument("--users", type=int)
    p.add_argument("--tenant", default="office", choices=["office", "drawn"])
    p.add_argument("--shape", default="mix", choices=["mix", "a", "b", "c", "d"])
    p.add_argument("--bytes", type=int, default=0)
    a = p.parse_args()
    write(make(a.seed, a.users, None, a.tenant), a.events, a.truth, a.shape, a.bytes)


if __name__ == "__main__":
    main()
