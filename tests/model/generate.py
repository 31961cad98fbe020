#!/usr/bin/python3
"""Deterministic sign-ins in the four shapes that reach a collector.

    generate.py --count 10000 --seed 1 [--shape a|b|c|d|e|f|mix] [--start MS] [--bytes 2700]

writes NDJSON to standard output and, with --truth FILE, what was planted. A
sign-in is first a plain record (class SignIn), then written in a shape:
  a  diagnostic record, the shape of an Event Hub export
  b  Graph signIn resource
  c  Log Analytics row
  d  ECS, as Elastic's integration stores it
The same seed and arguments give the same bytes. Nothing here is read by the
daemon and nothing of the daemon's schemas is read here.
"""
import argparse
import copy
import json
import random
import sys
from datetime import datetime, timezone

TENANT = "3d5c8a10-7b1e-4c55-9f0a-0a6b54a0c001"
OTHER_TENANT = "9e2f4b77-61c0-4e1d-8a3b-5f10de77b002"
START_MS = 1795377600000  # 2026-11-22T20:00:00Z
MISSING = object()  # the member is left out of the record

APPS = [("Office 365", "00000002-0000-0ff1-ce00-000000000000"), ("Azure Portal", "c44b4083-3bb0-49c1-b47d-974e53cbdf3c"),
        ("Microsoft Teams", "1fec8e78-bce4-4aaf-ab1b-5451cc387264"), ("Salesforce", "6b0f3a52-3d4f-4b0e-8f6d-3c8f1c3c0a11")]
AGENTS = ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
          "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
          "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
          "python-requests/2.32.3"]
PLACES = [("Amsterdam", "NL", 64500), ("Zürich", "CH", 64501), ("Vienna", "AT", 64502), ("Rotterdam", "NL", 64503)]
REASONS = {50126: "Error validating credentials due to invalid username or password.",
           50053: "The account is locked, you've tried to sign in too many times with an incorrect user ID or password.",
           50034: "The user account does not exist in the directory.",
           50076: "Due to a configuration change made by your administrator, you must use multi-factor authentication.",
           50140: "This error occurred due to 'Keep me signed in' interrupt when the user was signing-in."}
EVENT_NAMES = ["impossibleTravel", "anonymizedIPAddress", "maliciousIPAddress", "unfamiliarFeatures", "passwordSpray",
               "leakedCredentials", "nationStateIP", "riskyIPAddress", "investigationsThreatIntelligence"]


def iso(ms, digits=7, zone="Z"):
    text = datetime.fromtimestamp(ms // 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{ms % 1000:03d}{'0' * (digits - 3)}{zone}"


class SignIn:
    """One sign-in, in no shape. A member set to MISSING is left out, None is null."""

    def __init__(self, **members):
        self.id = "00000000-0000-4000-8000-000000000001"
        self.time_ms = START_MS
        self.tenant = TENANT
        self.category = "SignInLogs"
        self.user = "ada@contoso.example"
        self.user_id = "6b1f0c44-0000-4000-8000-000000000001"
        self.display = "Ada"
        self.ip = "198.51.100.10"
        self.app, self.app_id = APPS[0]
        self.code = 0
        self.risk_level = "none"
        self.risk_state = "none"
        self.risk_events = []
        self.auth = "multiFactorAuthentication"
        self.home = TENANT
        self.resource = TENANT
        self.city, self.country, self.asn = PLACES[0]
        self.agent = AGENTS[0]
        self.client = "Browser"
        self.pad = 2
        for name, value in members.items():
            if not hasattr(self, name):
                raise AttributeError(name)
            setattr(self, name, value)

    def reason(self):
        return None if self.code == 0 else REASONS.get(self.code, "Other.")


def strip(value):
    """The record without the members that are MISSING."""
    if isinstance(value, dict):
        return {k: strip(v) for k, v in value.items() if v is not MISSING}
    if isinstance(value, list):
        return [strip(v) for v in value]
    return value


def policies(s):
    names = ["Require MFA for administrators", "Block legacy authentication", "Require compliant device – Zürich",
             "Sign-in frequency for guests", "Medium sign-in risk: block", "Terms of use"]
    return [{"id": f"{n:08x}-61a0-4f0e-9b1a-77c0de{n:06x}", "displayName": names[n % len(names)],
             "enforcedGrantControls": ["Mfa"] if n % 2 else [], "enforcedSessionControls": [], "result": "notApplied",
             "conditionsSatisfied": "none", "conditionsNotSatisfied": "users"} for n in range(s.pad)]


def graph_properties(s):
    return {
        "id": s.id, "createdDateTime": iso(s.time_ms), "userDisplayName": s.display, "userPrincipalName": s.user,
        "userId": s.user_id, "appId": s.app_id, "appDisplayName": s.app, "ipAddress": s.ip,
        "status": {"errorCode": s.code, "failureReason": s.reason(), "additionalDetails": None},
        "clientAppUsed": s.client, "userAgent": s.agent,
        "deviceDetail": {"deviceId": "", "displayName": None, "operatingSystem": "Windows 10", "browser": "Edge 130.0.0",
                         "isCompliant": None, "isManaged": None, "trustType": None},
        "location": {"city": s.city, "state": "", "countryOrRegion": s.country,
                     "geoCoordinates": {"altitude": None, "latitude": 52.37403106689453, "longitude": 4.8896899223327637}},
        "mfaDetail": {}, "correlationId": "7532b99a-06da-4c23-91e5-0f062bc0dcb3", "conditionalAccessStatus": "notApplied",
        "appliedConditionalAccessPolicies": policies(s), "originalRequestId": s.id, "isInteractive": True,
        "tokenIssuerName": "", "tokenIssuerType": "AzureAD",
        "authenticationProcessingDetails": [{"key": "Login Hint Present", "value": "True"},
                                            {"key": "Legacy TLS (TLS 1.0, 1.1, 3DES)", "value": "False"},
                                            {"key": "Is CAE Token", "value": "False"}],
        "networkLocationDetails": [], "processingTimeInMilliseconds": 562, "riskDetail": "none",
        "riskLevelAggregated": "none", "riskLevelDuringSignIn": s.risk_level, "riskState": s.risk_state,
        "riskEventTypes": [], "riskEventTypes_v2": s.risk_events, "resourceDisplayName": "Windows Azure Service Management API",
        "resourceId": "797f4846-ba00-4fd7-ba43-dac1f8f63013", "resourceTenantId": s.resource, "homeTenantId": s.home,
        "authenticationDetails": [{"authenticationStepDateTime": iso(s.time_ms), "authenticationMethod": "Password",
                                   "succeeded": s.code == 0, "authenticationStepResultDetail": "",
                                   "authenticationStepRequirement": "Primary authentication", "StatusSequence": 0}],
        "authenticationRequirementPolicies": [], "authenticationRequirement": s.auth, "servicePrincipalId": "",
        "userType": "Member", "flaggedForReview": False, "isTenantRestricted": False, "autonomousSystemNumber": s.asn,
        "crossTenantAccessType": "none", "privateLinkDetails": {}, "incomingTokenType": "none", "authenticationProtocol": "none",
    }


def shape_a(s):
    return strip({
        "time": iso(s.time_ms + 61000), "resourceId": f"/tenants/{s.tenant}/providers/Microsoft.aadiam",
        "operationName": "Sign-in activity", "operationVersion": "1.0", "category": s.category, "tenantId": s.tenant,
        "resultType": s.code if s.code is MISSING else str(s.code), "resultSignature": "None",
        "resultDescription": s.reason() if s.code not in (0, MISSING) else MISSING, "durationMs": 0, "callerIpAddress": s.ip,
        "correlationId": "7532b99a-06da-4c23-91e5-0f062bc0dcb3", "identity": s.display, "Level": 4,
        "location": s.country, "properties": graph_properties(s)})


def shape_b(s):
    return strip(graph_properties(s))


def shape_c(s):
    events = s.risk_events if s.risk_events in (MISSING, None) or isinstance(s.risk_events, str) else json.dumps(s.risk_events)
    return strip({
        "TenantId": "5ab0dd11-1111-4222-8333-0123456789ab", "SourceSystem": "Azure AD", "TimeGenerated": iso(s.time_ms + 61000),
        "ResourceId": f"/tenants/{s.tenant}/providers/Microsoft.aadiam", "OperationName": "Sign-in activity",
        "OperationVersion": "1.0", "Category": s.category, "ResultType": s.code if s.code is MISSING else str(s.code),
        "ResultSignature": "None", "ResultDescription": s.reason() or "", "DurationMs": 0,
        "CorrelationId": "c4b4ea3c-58ff-4e0e-b5b0-d2ea01cce380", "Resource": "Microsoft.aadiam",
        "ResourceGroup": "Microsoft.aadiam", "Identity": s.display, "Level": "4", "Location": s.country,
        "AlternateSignInName": "", "AppDisplayName": s.app, "AppId": s.app_id, "AuthenticationDetails": "[]",
        "AuthenticationProcessingDetails": "[]", "AuthenticationRequirement": s.auth, "ClientAppUsed": s.client,
        "ConditionalAccessPolicies": policies(s), "ConditionalAccessStatus": "notApplied", "CreatedDateTime": iso(s.time_ms),
        "DeviceDetail": {"deviceId": "", "operatingSystem": "Windows 10", "browser": "Edge 130.0.0"}, "IsInteractive": True,
        "Id": s.id, "IPAddress": s.ip, "LocationDetails": {"city": s.city, "state": "", "countryOrRegion": s.country,
                                                          "geoCoordinates": {"latitude": 52.374, "longitude": 4.8897}},
        "MfaDetail": {}, "NetworkLocationDetails": "[]", "OriginalRequestId": s.id, "ProcessingTimeInMilliseconds": "239",
        "RiskDetail": "none", "RiskEventTypes": "[]", "RiskEventTypes_V2": events, "RiskLevelAggregated": "none",
        "RiskLevelDuringSignIn": s.risk_level, "RiskState": s.risk_state, "ResourceDisplayName": "Windows Azure Service Management API",
        "ResourceTenantId": s.resource, "HomeTenantId": s.home, "ServicePrincipalId": "", "ServicePrincipalName": "",
        "Status": {"errorCode": s.code, "failureReason": s.reason() or ""}, "TokenIssuerName": "", "TokenIssuerType": "AzureAD",
        "UserAgent": s.agent, "UserDisplayName": s.display, "UserId": s.user_id, "UserPrincipalName": s.user,
        "AADTenantId": s.tenant, "UserType": "Member", "FlaggedForReview": False, "AutonomousSystemNumber": s.asn,
        "CrossTenantAccessType": "none", "Type": "SigninLogs"})


def shape_d(s):
    name, _, domain = (s.user if isinstance(s.user, str) else "").partition("@")
    success = s.code == 0
    return strip({
        "@timestamp": iso(s.time_ms, 3), "ecs": {"version": "8.11.0"}, "cloud": {"provider": "azure"},
        "message": "Sign-in activity", "tags": ["azure-signinlogs", "forwarded"], "log": {"level": "4"},
        "event": {"kind": "event", "action": "Sign-in activity", "category": ["authentication"], "type": ["info"], "id": s.id,
                  "outcome": "success" if success else "failure", "duration": 0, "ingested": iso(s.time_ms + 61000, 9)},
        "source": {"ip": s.ip, "address": s.ip, "as": {"number": 65535, "organization": {"name": "Example Transit"}},
                   "geo": {"country_iso_code": "ZZ", "continent_name": "Europe", "location": {"lon": 4.9, "lat": 52.4}}},
        "client": {"ip": s.ip}, "related": {"ip": [s.ip], "user": [name]},
        "geo": {"city_name": s.city, "country_iso_code": s.country, "country_name": "", "location": {"lon": 4.9, "lat": 52.4}},
        "user": {"name": name, "domain": domain, "id": s.user_id, "full_name": s.display},
        "user_agent": {"original": s.agent, "name": "Edge", "os": {"name": "Windows", "version": "10"}},
        "azure": {"tenant_id": s.tenant, "correlation_id": "8a4de8b5-095c-47d0-a96f-a75130c61d53",
                  "resource": {"provider": "Microsoft.aadiam", "id": f"/tenants/{s.tenant}/providers/Microsoft.aadiam"},
                  "signinlogs": {
                      "operation_name": "Sign-in activity", "operation_version": "1.0", "category": s.category,
                      "identity": s.display, "result_type": s.code if s.code is MISSING else str(s.code),
                      "result_signature": "None", "result_description": MISSING if success else s.reason(),
                      "properties": {
                          "id": s.id, "created_at": iso(s.time_ms), "user_display_name": s.display,
                          "user_principal_name": s.user, "user_id": s.user_id, "app_id": s.app_id, "app_display_name": s.app,
                          "client_app_used": s.client, "is_interactive": True, "original_request_id": s.id,
                          "device_detail": {"device_id": "", "operating_system": "Windows 10", "browser": "Edge 130.0.0"},
                          "applied_conditional_access_policies": policies(s), "conditional_access_status": "notApplied",
                          "processing_time_ms": 239, "risk_detail": "none", "risk_level_aggregated": "none",
                          "risk_level_during_signin": s.risk_level, "risk_state": s.risk_state,
                          "risk_event_types_v2": s.risk_events, "authentication_requirement": s.auth,
                          "home_tenant_id": s.home, "resource_tenant_id": s.resource, "service_principal_id": "",
                          "resource_display_name": "Windows Azure Service Management API", "autonomous_system_number": s.asn,
                          "cross_tenant_access_type": "none", "token_issuer_type": "AzureAD",
                          "status": {"error_code": s.code}}}}})


def shape_e(s):
    """The diagnostic record after a flattener: dotted member names."""
    def flatten(prefix, value, out):
        if isinstance(value, dict) and value:
            for k, v in value.items():
                flatten(f"{prefix}.{k}" if prefix else k, v, out)
        else:
            out[prefix] = value
        return out
    return flatten("", shape_a(s), {})


def shape_f(s):
    """The diagnostic record as some collectors store it: lower-case envelope, the result as a number."""
    record = {k.lower() if k != "properties" else k: v for k, v in shape_a(s).items()}
    if "resulttype" in record:
        record["resulttype"] = int(record["resulttype"])
    return record


# e and f are forms of a that relays make of it.
SHAPES = {"a": shape_a, "b": shape_b, "c": shape_c, "d": shape_d, "e": shape_e, "f": shape_f}


def line(s, shape):
    return json.dumps(SHAPES[shape](s), ensure_ascii=False, separators=(",", ":"))


class Stream:
    """A tenant's sign-ins: offices, homes, and what was planted, in time order."""

    def __init__(self, count, seed, start_ms=START_MS, step_ms=150, risky=0.06):
        self.random = random.Random(seed)
        self.seed, self.count, self.start_ms, self.step_ms, self.risky = seed, count, start_ms, step_ms, risky
        self.serial = 0

    def base(self, time_ms, **members):
        r = self.random
        self.serial += 1
        n = r.randrange(4000)
        app, app_id = r.choice(APPS)
        city, country, asn = r.choice(PLACES)
        fields = dict(id=f"{self.seed & 0xffffffff:08x}-0000-4000-8000-{self.serial:012x}", time_ms=time_ms,
                      user=f"user{n}@contoso.example", user_id=f"6b1f0c44-0000-4000-8000-{n:012x}", display=f"User {n}",
                      ip=f"198.51.{100 + n % 4}.{1 + n % 250}" if n % 3 else f"2001:db8:{n:x}::{r.randrange(1, 9)}",
                      app=app, app_id=app_id, city=city, country=country, asn=asn, agent=r.choice(AGENTS), pad=2)
        fields.update(members)
        return SignIn(**fields)

    def harmless(self, t):
        r = self.random
        kind = r.random()
        if kind < 0.80:
            return self.base(t)
        if kind < 0.90:  # a typing mistake at home: one address per user, so no spray
            n = r.randrange(4000)
            return self.base(t, user=f"user{n}@contoso.example", user_id=f"6b1f0c44-0000-4000-8000-{n:012x}",
                             ip=f"10.{n % 200}.{n // 200}.7", code=50126)
        if kind < 0.94:
            return self.base(t, code=50140)
        if kind < 0.97:
            return self.base(t, code=50076, ip=f"10.210.{r.randrange(250)}.{r.randrange(250)}")
        return self.base(t, risk_level="low", risk_state=r.choice(["remediated", "dismissed", "none"]))

    def matching(self, t):
        """A sign-in that the seed rule finds, in one of its ways."""
        r = self.random
        kind = r.randrange(6)
        if kind == 0:
            return self.base(t, risk_level=r.choice(["high", "medium", "High"]))
        if kind == 1:
            return self.base(t, risk_state=r.choice(["atRisk", "confirmedCompromised"]))
        if kind == 2:
            return self.base(t, risk_events=[r.choice(EVENT_NAMES)])
        if kind == 3:
            return self.base(t, auth="singleFactorAuthentication", home=OTHER_TENANT)
        if kind == 4:
            return self.base(t, risk_level="medium", risk_state="atRisk", risk_events=["anonymizedIPAddress", "generic"])
        return self.base(t, risk_level="high", risk_state="confirmedCompromised", auth="singleFactorAuthentication",
                         home=OTHER_TENANT, risk_events=["mcasImpossibleTravel"])

    def spray(self, t, number, users=9, gap_ms=20000, hit=True):
        """One password each for many users from one address; then, perhaps, one success."""
        ip = f"203.0.113.{1 + number % 250}"
        out = []
        for n in range(users):
            user = f"victim{number}-{n}@contoso.example"
            out.append(self.base(t + n * gap_ms, user=user, user_id=f"7c000000-0000-4000-8000-{number * 1000 + n:012x}", ip=ip,
                                 code=50053 if n % 4 == 3 else 50126, agent=AGENTS[3]))
        if hit:
            out.append(self.base(t + users * gap_ms, user=f"victim{number}-2@contoso.example",
                                 user_id=f"7c000000-0000-4000-8000-{number * 1000 + 2:012x}", ip=ip,
                                 code=0 if number % 2 else 50076, agent=AGENTS[3]))
        return out

    def many_sources(self, t, number, sources=14, gap_ms=15000):
        """One user, wrong passwords from many addresses."""
        return [self.base(t + n * gap_ms, user=f"target{number}@contoso.example",
                          user_id=f"7d000000-0000-4000-8000-{number:012x}", ip=f"192.0.2.{1 + (number * 17 + n) % 250}" if number < 1
                          else f"100.{64 + number % 60}.{n}.9", code=50126, agent=AGENTS[3]) for n in range(sources)]

    def office(self, t, people=30):
        """Monday morning: one address, many users, some mistypes, each succeeds soon after."""
        out = []
        for n in range(people):
            user = dict(user=f"staff{n}@contoso.example", user_id=f"7e000000-0000-4000-8000-{n:012x}", ip="198.18.7.7")
            if n % 3 == 0:
                out.append(self.base(t + n * 4000, code=50126, **user))
            out.append(self.base(t + n * 4000 + 1500, **user))
        return out

    def records(self):
        span = self.count * self.step_ms
        planted = []
        number = 0
        for t in range(self.start_ms + 60000, self.start_ms + span - 300000, 70000):
            planted += self.spray(t, number, users=7 + number % 5, hit=number % 3 != 2)
            planted += self.many_sources(t + 11000, number)
            number += 1
        if span > 400000:
            planted += self.office(self.start_ms + 100000)
        planted = planted[:max(0, self.count - 1)]
        out = list(planted)
        plain = self.count - len(planted)
        for n in range(plain):
            t = self.start_ms + n * span // max(plain, 1)
            out.append(self.matching(t) if self.random.random() < self.risky else self.harmless(t))
        out.sort(key=lambda s: s.time_ms)  # stable: equal times keep the order they were made in
        return out


def shapes_for(records, shape, seed):
    r = random.Random(seed + 77)
    return [shape if shape != "mix" else r.choice("abcd") for _ in records]


def stream_lines(count, seed, shape="mix", start_ms=START_MS, step_ms=150, bytes_wanted=2700, risky=0.06, repeats=0.0):
    """repeats: this share of the lines comes once more, within the next fifty; count is the number of lines in all."""
    again = int(count * repeats)
    out = once(count - again, seed, shape, start_ms, step_ms, bytes_wanted, risky)
    r = random.Random(seed + 5)
    for _ in range(again):
        n = r.randrange(len(out))
        out.insert(min(len(out), n + 1 + r.randrange(50)), out[n])
    return out


def once(count, seed, shape, start_ms, step_ms, bytes_wanted, risky):
    records = Stream(count, seed, start_ms, step_ms, risky).records()
    out = []
    for s, which in zip(records, shapes_for(records, shape, seed)):
        s.pad = max(0, round((bytes_wanted - {"a": 2780, "b": 2340, "c": 2290, "d": 2950, "e": 3200, "f": 2780}[which]) / 235))
        out.append(line(s, which))
    return out


# Each clause of the seed rule, true and false: (claim, members, score or None for no match).
def seed_clauses():
    single = dict(auth="singleFactorAuthentication", home=OTHER_TENANT)
    out = [
        ("plain_success_is_quiet", {}, None),
        ("failure_with_every_risk_is_quiet", dict(code=50126, risk_level="high", risk_state="atRisk", risk_events=["passwordSpray"],
                                                  **single), None),
        ("interrupted_with_risk_is_quiet", dict(code=50140, risk_level="high"), None),
        ("result_missing_is_quiet", dict(code=MISSING, risk_level="high", risk_state="atRisk"), None),
        ("risk_level_high_scores_1", dict(risk_level="high"), 1),
        ("risk_level_medium_scores_1", dict(risk_level="medium"), 1),
        ("risk_level_in_capitals_scores_1", dict(risk_level="HIGH"), 1),
        ("risk_level_low_is_quiet", dict(risk_level="low"), None),
        ("risk_level_hidden_is_quiet", dict(risk_level="hidden"), None),
        ("risk_level_highest_is_another_word", dict(risk_level="highest"), None),
        ("risk_level_null_is_quiet", dict(risk_level=None), None),
        ("risk_level_missing_is_quiet", dict(risk_level=MISSING), None),
        ("risk_level_missing_still_judges_the_rest", dict(risk_level=MISSING, risk_state="atRisk"), 1),
        ("risk_state_at_risk_scores_1", dict(risk_state="atRisk"), 1),
        ("risk_state_confirmed_compromised_scores_1", dict(risk_state="confirmedCompromised"), 1),
        ("risk_state_in_lower_case_scores_1", dict(risk_state="atrisk"), 1),
        ("risk_state_dismissed_is_quiet", dict(risk_state="dismissed"), None),
        ("risk_state_remediated_is_quiet", dict(risk_state="remediated"), None),
        ("risk_state_missing_is_quiet", dict(risk_state=MISSING), None),
        ("level_high_with_state_dismissed_scores_1", dict(risk_level="high", risk_state="dismissed"), 1),
        ("level_and_state_score_2", dict(risk_level="medium", risk_state="atRisk"), 2),
        ("all_three_score_3", dict(risk_level="high", risk_state="confirmedCompromised", **single), 3),
        ("level_and_cross_tenant_score_2", dict(risk_level="high", **single), 2),
        ("state_and_cross_tenant_score_2", dict(risk_state="atRisk", **single), 2),
        ("unknown_risk_event_is_quiet", dict(risk_events=["unlikelyTravel"]), None),
        ("no_risk_event_is_quiet", dict(risk_events=[]), None),
        ("risk_events_missing_is_quiet", dict(risk_events=MISSING), None),
        ("risk_events_null_is_quiet", dict(risk_events=None), None),
        ("risk_events_empty_text_is_quiet", dict(risk_events=""), None),
        ("risk_event_as_text_matches", dict(risk_events='["passwordSpray"]'), 0),
        ("risk_event_second_of_two_matches", dict(risk_events=["generic", "nationStateIP"]), 0),
        ("risk_event_within_a_longer_name_matches", dict(risk_events=["mcasImpossibleTravel"]), 0),
        ("risk_event_in_capitals_matches", dict(risk_events=["ANONYMIZEDIPADDRESS"]), 0),
        ("cross_tenant_single_factor_scores_1", dict(**single), 1),
        ("cross_tenant_single_factor_in_capitals_scores_1", dict(auth="SINGLEFACTORAUTHENTICATION", home=OTHER_TENANT), 1),
        ("cross_tenant_multi_factor_is_quiet", dict(home=OTHER_TENANT), None),
        ("cross_tenant_auth_missing_is_quiet", dict(auth=MISSING, home=OTHER_TENANT), None),
        ("cross_tenant_auth_empty_is_quiet", dict(auth="", home=OTHER_TENANT), None),
        ("home_null_is_quiet", dict(auth="singleFactorAuthentication", home=None), None),
        ("home_missing_is_quiet", dict(auth="singleFactorAuthentication", home=MISSING), None),
        ("home_empty_is_quiet", dict(auth="singleFactorAuthentication", home=""), None),
        ("home_blank_is_quiet", dict(auth="singleFactorAuthentication", home=" \t "), None),
        ("same_tenant_is_quiet", dict(auth="singleFactorAuthentication"), None),
        ("same_tenant_in_capitals_is_quiet", dict(auth="singleFactorAuthentication", home=TENANT.upper()), None),
        ("resource_null_is_quiet", dict(resource=None, **single), None),
        ("resource_missing_is_quiet", dict(resource=MISSING, **single), None),
        ("resource_empty_scores_1", dict(resource="", **single), 1),
    ]
    for name in EVENT_NAMES:
        out.append((f"risk_event_{name}_scores_0", dict(risk_events=[name]), 0))
    return out


def clause_records(shape):
    """(claim, record as text, the sign-in, score or None): one user and address per clause, a minute apart."""
    out = []
    for n, (claim, members, score) in enumerate(seed_clauses()):
        s = SignIn(id=f"c1a05e00-0000-4000-8000-{n:012x}", time_ms=START_MS + n * 60000, user=f"clause{n}@contoso.example",
                   user_id=f"c1a05e01-0000-4000-8000-{n:012x}", ip=f"10.77.{n // 200}.{1 + n % 200}", pad=0, **members)
        out.append((claim, line(s, shape), s, score))
    return out


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--count", type=int, default=1000)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--shape", choices=[*"abcdef", "mix"], default="mix")
    p.add_argument("--start", type=int, default=START_MS, help="event time of the first, ms")
    p.add_argument("--step", type=int, default=150, help="ms between events")
    p.add_argument("--bytes", type=int, default=2700, help="size aimed at")
    p.add_argument("--risky", type=float, default=0.06, help="share of sign-ins that the seed rule finds")
    a = p.parse_args()
    out = sys.stdout
    for text in stream_lines(a.count, a.seed, a.shape, a.start, a.step, a.bytes, a.risky):
        out.write(text + "\n")


if __name__ == "__main__":
    main()
