"""Sign-ins whose values stand at one place only, for each place that a shape may have them.

Each case puts a field at the one path named and takes the others away, so a
schema that forgets a path fails the case of that name.
"""
import copy
import json

import generate
from generate import OTHER_TENANT, SHAPES, TENANT, SignIn

A, P, S = ["properties"], ["azure", "signinlogs", "properties"], ["azure", "signinlogs"]
# shape -> field -> places, as lists of member names.
PLACES = {
    "a": {
        "result": [["resultType"], A + ["status", "errorCode"]],
        "user": [A + ["userPrincipalName"]],
        "ip": [A + ["ipAddress"], ["callerIpAddress"]],
        "time": [A + ["createdDateTime"], ["time"]],
        "level": [A + ["riskLevelDuringSignIn"]],
        "state": [A + ["riskState"]],
        "events": [A + ["riskEventTypes_v2"], A + ["riskEventTypes"]],
        "auth": [A + ["authenticationRequirement"]],
        "home": [A + ["homeTenantId"]],
        "resource": [A + ["resourceTenantId"]],
        "country": [A + ["location", "countryOrRegion"], ["location"]],
        "app": [A + ["appDisplayName"]],
        "id": [A + ["id"]],
        "tenant": [["tenantId"], ["resourceId"]],
    },
    "b": {
        "result": [["status", "errorCode"]], "user": [["userPrincipalName"]], "ip": [["ipAddress"]],
        "time": [["createdDateTime"]], "level": [["riskLevelDuringSignIn"]], "state": [["riskState"]],
        "events": [["riskEventTypes_v2"], ["riskEventTypes"]], "auth": [["authenticationRequirement"]], "home": [["homeTenantId"]],
        "resource": [["resourceTenantId"]], "country": [["location", "countryOrRegion"]], "app": [["appDisplayName"]], "id": [["id"]],
        "tenant": [["tenantId"]],
    },
    "c": {
        "result": [["ResultType"], ["Status", "errorCode"], ["Status_string"]], "user": [["UserPrincipalName"]],
        "ip": [["IPAddress"], ["CallerIpAddress"]],
        "time": [["CreatedDateTime"], ["TimeGenerated"]], "level": [["RiskLevelDuringSignIn"]], "state": [["RiskState"]],
        "events": [["RiskEventTypes_V2"], ["RiskEventTypes"]], "auth": [["AuthenticationRequirement"]], "home": [["HomeTenantId"]],
        "resource": [["ResourceTenantId"]],
        "country": [["LocationDetails", "countryOrRegion"], ["LocationDetails_string"], ["Location"]],
        "app": [["AppDisplayName"]], "id": [["Id"]], "tenant": [["AADTenantId"], ["ResourceId"]],
    },
    "d": {
        "result": [S + ["result_type"], P + ["status", "error_code"]],
        "user": [P + ["user_principal_name"], ["user"], ["user", "name"]],
        "ip": [["source", "ip"], P + ["ip_address"], S + ["caller_ip_address"]],
        "time": [P + ["created_at"], ["@timestamp"]],
        "level": [P + ["risk_level_during_signin"], P + ["risk_level_during_sign_in"]],
        "state": [P + ["risk_state"]],
        "events": [P + ["risk_event_types_v2"]],
        "auth": [P + ["authentication_requirement"]],
        "home": [P + ["home_tenant_id"]],
        "resource": [P + ["resource_tenant_id"]],
        "country": [["geo", "country_iso_code"]],
        "app": [P + ["app_display_name"]],
        "id": [P + ["id"], ["event", "id"]],
        "tenant": [["azure", "tenant_id"], S + ["tenant_id"], ["azure", "resource", "id"]],
    },
}


def take(record, path):
    for name in path[:-1]:
        record = record.get(name, {})
    record.pop(path[-1], None)


def put(record, path, value):
    for name in path[:-1]:
        record = record.setdefault(name, {})
    record[path[-1]] = value


def value_at(field, place, s, shape):
    """What the field looks like at this place; None: as the generator wrote it."""
    last = place[-1]
    if field == "result":
        return json.dumps({"errorCode": 0}) if last == "Status_string" else 0 if "rror" in last else "0"
    if field == "events":
        return json.dumps(s.risk_events) if shape == "c" else s.risk_events
    if field == "country":
        return json.dumps({"countryOrRegion": s.country}) if last == "LocationDetails_string" else s.country
    if field == "tenant":
        return f"/tenants/{TENANT}/providers/Microsoft.aadiam" if last in ("resourceId", "ResourceId", "id") else TENANT
    return {"ip": s.ip, "level": s.risk_level}.get(field)


def cases(shape):
    """(claim, record as text, wanted columns and score)."""
    out, number = [], 0
    for field, places in PLACES[shape].items():
        for place in places:
            number += 1
            s = SignIn(id=f"9a7b0000-0000-4000-8000-{number:012x}", time_ms=generate.START_MS + number * 60000,
                       user=f"path{number}@contoso.example", ip=f"10.99.0.{number}", pad=0, risk_level="high", risk_state="atRisk",
                       auth="singleFactorAuthentication", home=OTHER_TENANT, risk_events=["passwordSpray"])
            record = copy.deepcopy(SHAPES[shape](s))
            value = value_at(field, place, s, shape)
            for other in places:
                if other != place and other != place[:len(other)]:
                    take(record, other)
            if value is not None:
                put(record, place, value)
            wanted = {"threat_score": 3, "user": s.user, "src_ip": s.ip, "app": s.app, "country": s.country, "risk_level": "high",
                      "risk_state": "atRisk", "auth_req": s.auth, "home_tenant": s.home, "resource_tenant": s.resource,
                      "risk_events": json.dumps(s.risk_events) if shape == "c" else s.risk_events, "event_id": "SignInLogs/" + s.id}
            if shape != "b" or field == "tenant":
                wanted["tenant_id"] = TENANT
            if field == "time":
                logged = place[-1] in ("time", "TimeGenerated")
                wanted["_messageTime"] = generate.iso(s.time_ms + (61000 if logged else 0), 3)
            if place == ["user", "name"]:
                take(record, ["user", "domain"])
                wanted["user"] = f"path{number}"
            elif place == ["user"]:
                take(record, P + ["user_principal_name"])
                put(record, ["user", "name"], f"path{number}")
            out.append((f"{field}_from_{'_'.join(place).replace('@', '')}", json.dumps(record, ensure_ascii=False), wanted))
    return out
