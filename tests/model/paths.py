"""Sign-ins whose values stand at one place only, for each place that a shape may have them.

Each case keeps a field at the one path named and takes the others away, so a
schema that forgets a path fails the case of that name.
"""
import copy
import json

import generate
from generate import MISSING, OTHER_TENANT, SHAPES, SignIn

# shape -> field -> places, as lists of member names. The first place is where the generator writes the value.
PLACES = {
    "a": {
        "result": [["resultType"], ["properties", "status", "errorCode"]],
        "user": [["properties", "userPrincipalName"]],
        "ip": [["properties", "ipAddress"], ["callerIpAddress"]],
        "time": [["properties", "createdDateTime"], ["time"]],
        "level": [["properties", "riskLevelDuringSignIn"]],
        "state": [["properties", "riskState"]],
        "events": [["properties", "riskEventTypes_v2"]],
        "auth": [["properties", "authenticationRequirement"]],
        "home": [["properties", "homeTenantId"]],
        "resource": [["properties", "resourceTenantId"]],
        "country": [["properties", "location", "countryOrRegion"], ["location"]],
        "app": [["properties", "appDisplayName"]],
        "id": [["properties", "id"]],
        "tenant": [["tenantId"], ["resourceId"]],
    },
    "b": {
        "result": [["status", "errorCode"]], "user": [["userPrincipalName"]], "ip": [["ipAddress"]],
        "time": [["createdDateTime"]], "level": [["riskLevelDuringSignIn"]], "state": [["riskState"]],
        "events": [["riskEventTypes_v2"]], "auth": [["authenticationRequirement"]], "home": [["homeTenantId"]],
        "resource": [["resourceTenantId"]], "country": [["location", "countryOrRegion"]], "app": [["appDisplayName"]], "id": [["id"]],
    },
    "c": {
        "result": [["ResultType"], ["Status", "errorCode"]], "user": [["UserPrincipalName"]], "ip": [["IPAddress"]],
        "time": [["CreatedDateTime"], ["TimeGenerated"]], "level": [["RiskLevelDuringSignIn"]], "state": [["RiskState"]],
        "events": [["RiskEventTypes_V2"]], "auth": [["AuthenticationRequirement"]], "home": [["HomeTenantId"]],
        "resource": [["ResourceTenantId"]], "country": [["LocationDetails", "countryOrRegion"], ["Location"]],
        "app": [["AppDisplayName"]], "id": [["Id"]], "tenant": [["AADTenantId"]],
    },
    "d": {
        "result": [["azure", "signinlogs", "result_type"], ["azure", "signinlogs", "properties", "status", "error_code"]],
        "user": [["azure", "signinlogs", "properties", "user_principal_name"]],
        "ip": [["source", "ip"]],
        "time": [["azure", "signinlogs", "properties", "created_at"], ["@timestamp"]],
        "level": [["azure", "signinlogs", "properties", "risk_level_during_signin"]],
        "state": [["azure", "signinlogs", "properties", "risk_state"]],
        "events": [["azure", "signinlogs", "properties", "risk_event_types_v2"]],
        "auth": [["azure", "signinlogs", "properties", "authentication_requirement"]],
        "home": [["azure", "signinlogs", "properties", "home_tenant_id"]],
        "resource": [["azure", "signinlogs", "properties", "resource_tenant_id"]],
        "country": [["geo", "country_iso_code"]],
        "app": [["azure", "signinlogs", "properties", "app_display_name"]],
        "id": [["azure", "signinlogs", "properties", "id"], ["event", "id"]],
        "tenant": [["azure", "tenant_id"]],
    },
}
COLUMN = {"user": "user", "ip": "src_ip", "level": "risk_level", "state": "risk_state", "auth": "auth_req", "home": "home_tenant",
          "resource": "resource_tenant", "country": "country", "app": "app"}


def take(record, path):
    for name in path[:-1]:
        record = record.get(name, {})
    record.pop(path[-1], None)


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
            for other in places:
                if other != place:
                    take(record, other)
            wanted = {"threat_score": 3, "user": s.user, "src_ip": s.ip, "app": s.app, "country": s.country, "risk_level": "high",
                      "risk_state": "atRisk", "auth_req": s.auth, "home_tenant": s.home, "resource_tenant": s.resource}
            if field == "time":
                logged = place[-1] in ("time", "TimeGenerated")
                wanted["_messageTime"] = generate.iso(s.time_ms + (61000 if logged else 0), 3)
            out.append((f"{field}_from_{'_'.join(place).replace('@', '')}", json.dumps(record, ensure_ascii=False), wanted))
    return out
