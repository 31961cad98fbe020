"""Sign-ins for the tests, each with its own id and user."""
import itertools
import json
import time

from generate import SHAPES, SignIn, line

serial = itertools.count(1)


def sign_in(**members):
    n = next(serial)
    fields = dict(id=f"e2e00000-0000-4000-8000-{n:012x}", time_ms=int(time.time() * 1000) - 2000, user=f"e2e{n}@contoso.example",
                  user_id=f"e2e00001-0000-4000-8000-{n:012x}", ip=f"10.88.{n // 200 % 250}.{1 + n % 200}", pad=0)
    fields.update(members)
    return SignIn(**fields)


def quiet(shape="a", **members):
    """A harmless sign-in as text."""
    return line(sign_in(**members), shape)


def risky(shape="a", **members):
    """A sign-in that the seed rule finds with score 1, as text."""
    return line(sign_in(**{"risk_level": "high", **members}), shape)


def report(request_id, user="other-name@contoso.example", ip="198.51.100.200", **members):
    """Identity Protection's report of a password spray that names the sign-in, as text."""
    n, when = next(serial), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    p = dict(id=f"e2e00002-0000-4000-8000-{n:012x}", requestId=request_id, riskEventType="passwordSpray", riskState="atRisk",
             riskLevel="high", ipAddress=ip, userPrincipalName=user, activityDateTime=when, detectedDateTime=when)
    return json.dumps({"time": when, "category": "UserRiskEvents", "tenantId": sign_in().tenant, "properties": {**p, **members}})


def record(shape="a", **members):
    return SHAPES[shape](sign_in(**members))


def id_of(text):
    return json.loads(text)["properties"]["id"]


def user_of(text):
    d = json.loads(text)
    return d["properties"]["userPrincipalName"]


def spray(count=8, ip="203.0.113.99", start=None, gap_ms=1000, shape="a", code=50126):
    start = start or int(time.time() * 1000) - 60000
    return [line(sign_in(ip=ip, code=code, time_ms=start + n * gap_ms), shape) for n in range(count)]
