#!/usr/bin/python3
"""What picketd should find in a file of sign-ins, computed the slow and plain way.

    model.py FILE...        one JSON object per expected alert on standard output

It shares nothing with the daemon: the paths below are written by hand for each
shape, windows are plain lists that are searched from end to end, and the alert
ids are hashed here.
"""
import hashlib
import json
import re
import sys
from datetime import datetime, timedelta, timezone

WINDOW_MS = 600000
SEED = "2f6d1f0c-5a43-4d0e-9a53-7f1d0c5e8b11"
SPRAY = "6c0f9b52-3d1e-4f0a-8a7e-1b9d5e2c7a40"
FOUND = "b7a4d2c1-90e6-4c58-9f13-52c8e06d3f7b"
SOURCES = "e94c7a08-2b5d-4e61-8c3f-d0a6b7f1925e"
FURTHER = "5c2e8a17-6f40-4d93-b1a9-07d3c4e65f18"
FAILURE = {50126, 50064, 50056, 50034, 51004, 50053}
INTERRUPTED = {50055, 50144, 50135, 50142, 50072, 50074, 50076, 50079, 500121, 50158,
               53000, 53001, 53002, 53003, 53004, 530032, 50097, 50155, 50131, 50105}
EVENT_WORDS = ["impossibletravel", "anonymizedipaddress", "maliciousipaddress", "unfamiliarfeatures", "passwordspray",
               "leakedcredentials", "nationstateip", "riskyipaddress", "investigationsthreatintelligence"]

TOKEN_WORDS = ["anomaloustoken", "tokenissueranomaly", "attackerinthemiddle", "attemptedprtaccess"]
FURTHER_WORDS = ["unlikelytravel", "newcountry", "suspiciousipaddress", "malwareinfectedipaddress", "suspiciousbrowser",
                 "adminconfirmedusercompromised", "anomaloususeractivity", "suspiciousapitraffic", "suspicioussendingpatterns",
                 "suspiciousinboxforwarding", "mcasfinsuspiciousfileaccess", "mcassuspiciousinboxmanipulationrules",
                 "userreportedsuspiciousactivity"]


def dig(record, *path):
    for name in path:
        if not isinstance(record, dict) or name not in record:
            return None
        record = record[name]
    return record


def first(*values):
    for v in values:
        if v is not None and v != "":
            return v
    return None


def keep(*values):
    """The first that is not null; an empty text only when nothing else is there."""
    found = first(*values)
    return found if found is not None else next((v for v in values if v == ""), None)


class Event:
    pass


def read(record):
    """The members of a sign-in that the rules look at, from whichever shape it has."""
    e = Event()
    if dig(record, "azure", "signinlogs") is not None:
        s = record["azure"]["signinlogs"]
        p = s.get("properties", {})
        e.category = s.get("category") or "SignInLogs"
        e.id, e.tenant = p.get("id"), dig(record, "azure", "tenant_id")
        e.time = first(p.get("created_at"), record.get("@timestamp"))
        e.code = first(s.get("result_type"), dig(p, "status", "error_code"))
        e.user, e.user_id = p.get("user_principal_name"), p.get("user_id")
        e.ip = dig(record, "source", "ip")
        e.level, e.state = p.get("risk_level_during_signin"), p.get("risk_state")
        e.events, e.auth = p.get("risk_event_types_v2"), p.get("authentication_requirement")
        e.home, e.resource = p.get("home_tenant_id"), p.get("resource_tenant_id")
    elif "TimeGenerated" in record:
        e.category = record.get("Category") or "SignInLogs"
        e.id, e.tenant = record.get("Id"), record.get("AADTenantId")
        e.time = first(record.get("CreatedDateTime"), record.get("TimeGenerated"))
        e.code = first(record.get("ResultType"), dig(record, "Status", "errorCode"))
        e.user, e.user_id, e.ip = record.get("UserPrincipalName"), record.get("UserId"), record.get("IPAddress")
        e.level, e.state = record.get("RiskLevelDuringSignIn"), record.get("RiskState")
        e.events, e.auth = record.get("RiskEventTypes_V2"), record.get("AuthenticationRequirement")
        e.home, e.resource = record.get("HomeTenantId"), record.get("ResourceTenantId")
    else:
        wrapped = isinstance(record.get("properties"), dict)
        p = record["properties"] if wrapped else record
        e.category = (record.get("category") if wrapped else None) or "SignInLogs"
        e.id, e.tenant = p.get("id"), record.get("tenantId") if wrapped else None
        e.time = first(p.get("createdDateTime"), record.get("time"))
        e.code = first(record.get("resultType") if wrapped else None, dig(p, "status", "errorCode"))
        e.user, e.user_id = p.get("userPrincipalName"), p.get("userId")
        e.ip = first(p.get("ipAddress"), record.get("callerIpAddress"))
        e.level, e.state = p.get("riskLevelDuringSignIn"), p.get("riskState")
        e.events, e.auth = p.get("riskEventTypes_v2"), p.get("authenticationRequirement")
        e.home, e.resource = p.get("homeTenantId"), p.get("resourceTenantId")
    e.ms = milliseconds(e.time)
    e.name = f"{e.category}/{e.id}"
    e.number = int(str(e.code)) if e.code is not None and str(e.code).lstrip("-").isdigit() else None
    e.outcome = ("success" if e.number == 0 else "failure" if e.number in FAILURE else
                 "interrupted" if e.number in INTERRUPTED else "other")
    return e


def milliseconds(text):
    m = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?", text)
    if not m:
        raise ValueError(f"time not understood: {text}")
    y, mo, d, h, mi, s = (int(x) for x in m.groups()[:6])
    zone = m.group(8)
    offset = timedelta()
    if zone and zone != "Z":
        offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6])) * (-1 if zone[0] == "-" else 1)
    whole = datetime(y, mo, d, h, mi, s, tzinfo=timezone.utc) - offset
    return int(whole.timestamp()) * 1000 + int(((m.group(7) or ".0")[1:] + "000")[:3])


def address_key(text):
    """The address without port; IPv6 by its /64."""
    if not text:
        return None
    import ipaddress
    text = text.strip()
    m = re.fullmatch(r"\[([^\]]+)\](?::\d+)?", text) or re.fullmatch(r"(\d+\.\d+\.\d+\.\d+):\d+", text)
    try:
        address = ipaddress.ip_address(m.group(1) if m else text)
    except ValueError:
        return None
    if address.version == 6:
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def user_key(e):
    for text in (e.user, e.user_id):
        if isinstance(text, str) and text.strip():
            return text.strip().lower()
    return None


def lower(value):
    return value.lower() if isinstance(value, str) else value


def has_event(e, words):
    text = e.events if isinstance(e.events, str) else json.dumps(e.events or [])
    return any(word in text.lower() for word in words)


def further_score(e):
    """Of the rule for risk names that came later; None when it does not match."""
    token, named = has_event(e, TOKEN_WORDS), has_event(e, FURTHER_WORDS)
    if str(e.code) != "0" or not (token or named or has_event(e, ["generic"])):
        return None
    return 2 * int(token) + int(named)


def seed_score(e):
    """None when the seed rule does not match, else its score."""
    if e.code is None or str(e.code) != "0":
        return None
    level = lower(e.level) in ("high", "medium")
    state = lower(e.state) in ("atrisk", "confirmedcompromised")
    named = has_event(e, EVENT_WORDS)
    cross = (lower(e.auth) == "singlefactorauthentication" and isinstance(e.home, str) and e.home.strip() != ""
             and e.resource is not None and e.home.lower() != e.resource.lower())
    if not (level or state or named or cross):
        return None
    return int(level) + int(state) + int(cross)


class Windows:
    """Every sign-in by key, searched from end to end for each question."""

    def __init__(self):
        self.by_ip, self.by_user = {}, {}

    def add(self, e):
        ip, user = address_key(e.ip), user_key(e)
        if ip:
            self.by_ip.setdefault((e.tenant, ip), []).append((e.ms, user, e.outcome, ip))
        if user:
            self.by_user.setdefault((e.tenant, user), []).append((e.ms, user, e.outcome, ip))

    @staticmethod
    def span(rows, ms):
        return [r for r in rows or [] if ms - WINDOW_MS <= r[0] <= ms]

    def of_ip(self, e):
        rows = self.span(self.by_ip.get((e.tenant, address_key(e.ip))), e.ms)
        failed = {r[1] for r in rows if r[2] == "failure" and r[1]}
        succeeded = {r[1] for r in rows if r[2] == "success" and r[1]}
        strangers = len(failed - succeeded)
        return {"attempts": len(rows), "failures": sum(r[2] == "failure" for r in rows), "failed_users": len(failed),
                "successes": sum(r[2] == "success" for r in rows), "interrupted": sum(r[2] == "interrupted" for r in rows),
                "successful_users": len(succeeded), "strangers": strangers, "failed": failed,
                "stranger_ratio": strangers / max(1, len(succeeded)), "distinct_users": len({r[1] for r in rows if r[1]})}

    def of_user(self, e):
        rows = self.span(self.by_user.get((e.tenant, user_key(e))), e.ms)
        return {"attempts": len(rows), "failures": sum(r[2] == "failure" for r in rows),
                "failed_ips": len({r[3] for r in rows if r[2] == "failure" and r[3]}),
                "distinct_ips": len({r[3] for r in rows if r[3]})}


def netstring(text):
    raw = text.encode()
    return str(len(raw)).encode() + b":" + raw + b","


def alert_id(tenant, rule, event, kind, groups):
    parts = ["alert/1", tenant or "", rule, event, kind, *groups]
    return "alr_" + hashlib.sha256(b"".join(netstring(p) for p in parts)).hexdigest()[:32]


class Bursts:
    """Fires on the first match of a group, and again only after a span without one."""

    def __init__(self):
        self.matches = {}

    def fires(self, group, ms, window=WINDOW_MS):
        past = self.matches.setdefault(group, [])
        hot = any(ms - window <= p <= ms for p in past)
        past.append(ms)
        return not hot


class Sources:
    """Failures of a user by address: fires when ten are reached within an hour, once until they are fewer again."""

    def __init__(self):
        self.groups = {}

    def fires(self, group, ms, address):
        rows, hot = self.groups.setdefault(group, ([], [False]))
        if hot[0] and self.count(rows, ms) < 10:
            hot[0] = False
        rows.append((ms, address))
        if hot[0] or self.count(rows, ms) < 10:
            return False
        hot[0] = True
        return True

    @staticmethod
    def count(rows, ms):
        return len({a for t, a in rows if ms - 3600000 <= t <= ms})


def window_rules(e, windows, bursts, sources, fresh):
    """(rule, score, group values) of the rules that look beyond one event."""
    address = (e.ip or "").strip().lower()
    if address:
        ip = windows.of_ip(e)
        spraying = ip["strangers"] >= 5 and ip["stranger_ratio"] >= 2
        wide = int(ip["strangers"] >= 20)
        if spraying and e.outcome == "failure" and bursts.fires(("spray", e.tenant, address), e.ms):
            yield SPRAY, 1 + wide + int(ip["interrupted"] + ip["successes"] > 0), [address]
        if spraying and e.outcome in ("success", "interrupted") and bursts.fires(("found", address, user_key(e), e.tenant), e.ms):
            success = e.outcome == "success"
            single = lower(e.auth) == "singlefactorauthentication"
            yield FOUND, 1 + int(success) + int(success and single) + wide, [address, lower(e.user)]
    if e.outcome == "failure" and e.user and address and fresh and sources.fires((e.tenant, lower(e.user)), e.ms, address):
        yield SOURCES, 0, [lower(e.user)]


def expected(lines, tenant=""):
    """Alerts for a stream in arrival order: dicts with event, rule, score, id. tenant stands in for records without one."""
    windows, bursts, sources, seen, out, stored = Windows(), Bursts(), Sources(), set(), [], set()

    def fire(e, rule, score, *groups):
        key = alert_id(e.tenant, rule, e.name, "trigger", groups)
        if key not in stored:
            stored.add(key)
            out.append({"event": e.name, "rule": rule, "score": score, "id": key, "time": e.ms, "user": e.user})

    for text in lines:
        e = read(json.loads(text))
        e.tenant = e.tenant or tenant
        fresh = (e.tenant, e.name) not in seen
        if fresh:
            seen.add((e.tenant, e.name))
            windows.add(e)
        for rule, score in ((SEED, seed_score(e)), (FURTHER, further_score(e))):
            if score is not None:
                fire(e, rule, score)
        for rule, score, groups in window_rules(e, windows, bursts, sources, fresh):
            fire(e, rule, score, *groups)
    return out


def main():
    lines = [text for name in sys.argv[1:] for text in open(name, encoding="utf-8") if text.strip()]
    for alert in expected(lines):
        print(json.dumps(alert))


if __name__ == "__main__":
    main()
