"""What kind of tenant tests/model/day.py lives in: one that everybody knows (`office`), or one drawn from a seed (`drawn`).

Nothing that a rule could learn by heart holds for all of them: their size, their offices, their clocks, how often people
mistype and give up, what they sign in with, whether tokens that renew themselves are in the feed, whether the feed has a
day of history, and how patient and how varied the attackers are.
"""
import random


class Tenant:
    """Shares are of the people unless said otherwise; rates are per chance."""

    def __init__(self, **members):
        self.users = 2500
        self.offices = 1            # each behind one address, IPv4
        self.zones = [0]            # hours ahead of UTC, one an office, the first also the rest's
        self.free_days = []         # 0 the day of history, 1 the day of the attacks: nobody but a few works
        self.at_office, self.at_either, self.at_vpn = 0.6, 0.2, 0.3  # the last of those who are not at the office
        self.vpn_exits = 3
        self.six = 0.25             # homes with IPv6
        self.mistyped, self.gives_up = 0.05, 0.1
        self.more_asked, self.refuses, self.refuses_again = 0.4, 0.02, 0.2  # outside the offices
        self.expired = 0.006        # 50055, 50144
        self.blocked = 0.0          # policies that block an own user's sign-in: 53003 and its like
        self.noise = 0.0            # 50058, 50140, 65001 ... beside a sign-in
        self.renewals = True        # tokens that renew themselves are in the feed
        self.one_browser = 0.0      # share of computers that have the commonest browser, beyond the mix
        self.telephones = 0.7
        self.sync = 0.0             # telephones that read mail with a mail client's own agent
        self.legacy = 0.0           # people with a mail client that names no agent
        self.carriers, self.pool = 3, (25, 90)
        self.stale = 8 / 2500
        self.services = 14
        self.kiosks = 4
        self.guests = 60 / 2500
        self.travellers = 1 / 100
        self.history = True         # the feed has the day before the attacks
        self.numbers = True         # autonomous system numbers are in the feed
        self.pace = 1.0             # gap between an attacker's attempts, times this
        self.varied = False         # attackers: first tries that hit, several tries a user, an agent an address
        for name, value in members.items():
            if not hasattr(self, name):
                raise AttributeError(name)
            setattr(self, name, value)

    def text(self):
        """What differs from the known office."""
        known = vars(Tenant())
        return ", ".join(f"{k} {round(v, 4) if isinstance(v, float) else v}" for k, v in vars(self).items() if known[k] != v)


def drawn(seed, users=None):
    """A tenant of its own for each seed."""
    r = random.Random(f"tenant {seed}")
    offices = r.choice([0, 1, 1, 2, 3, 6])
    zones = [r.choice([0, 1, 2, -5, -8, 8, 9])]
    zones += [zones[0] if r.random() < 0.5 else r.choice([0, 1, -5, -8, 5.5, 9]) for _ in range(1, offices)]
    return Tenant(
        users=users or int(500 * 40 ** r.random()), offices=offices, zones=zones, free_days=r.choice([[], [], [], [0], [1], [0, 1]]),
        at_office=r.uniform(0.1, 0.8) if offices else 0.0, at_either=r.uniform(0, 0.3) if offices else 0.0, at_vpn=r.choice([0, 0.1, 0.3, 0.8]),
        vpn_exits=r.randrange(1, 9), six=r.choice([0, 0.2, 0.7]), mistyped=r.uniform(0.01, 0.09), gives_up=r.uniform(0.03, 0.3),
        more_asked=r.choice([0.05, 0.4, 0.8]), refuses=r.uniform(0.005, 0.04), refuses_again=r.uniform(0.1, 0.4), expired=r.uniform(0, 0.02),
        blocked=r.choice([0, 0.002, 0.02]), noise=r.choice([0, 0.1, 0.5]), renewals=r.random() < 0.7, one_browser=r.choice([0, 0, 0.5, 0.9]),
        telephones=r.uniform(0.2, 0.95), sync=r.choice([0, 0.3, 0.8]), legacy=r.choice([0, 0.02, 0.1]), carriers=r.randrange(2, 5),
        pool=r.choice([(8, 20), (25, 90), (100, 400)]), stale=r.uniform(0.001, 0.008), services=r.randrange(0, 40), kiosks=r.randrange(0, 9),
        guests=r.uniform(0, 0.1), travellers=r.uniform(0.002, 0.03), history=r.random() < 0.7, numbers=r.random() < 0.85,
        pace=r.choice([0.5, 1, 1, 1.5]), varied=True)
