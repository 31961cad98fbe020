"""Each wrapping in which a provider delivers a record, by HTTP to a running daemon: it is counted in its own format."""
import base64
import json
import os
import sys

from harness import TOP, check, equal, gz

sys.path.append(os.path.join(TOP, "tests", "corpus-rules"))
from records import SHAPES  # noqa: E402

FORMATS = {
    "signin-diagnostic": "entra-diagnostic", "signin-noninteractive": "entra-diagnostic", "signin-serviceprincipal": "entra-diagnostic",
    "signin-managedidentity": "entra-diagnostic", "signin-adfs": "entra-diagnostic", "signin-graph": "entra-graph", "signin-flat": "entra-flat",
    "signin-loganalytics": "entra-loganalytics", "signin-ecs": "entra-ecs", "signin-dotted": "entra-dotted",
    "audit-diagnostic": "entra-auditlogs-diagnostic", "audit-app-diagnostic": "entra-auditlogs-diagnostic", "audit-graph": "entra-auditlogs",
    "audit-loganalytics": "entra-auditlogs-loganalytics", "risk-diagnostic": "entra-riskdetection-diagnostic", "risk-graph": "entra-riskdetection",
    "risk-loganalytics": "entra-riskdetection-loganalytics", "other-diagnostic": "azure-diagnostic", "other-loganalytics": "azure-loganalytics",
    "pim-graph": "entra-pim", "activity-eventhub": "azure-activity-eventhub", "activity-rest": "azure-activity-rest",
    "activity-loganalytics": "azure-activity-loganalytics", "storage-diagnostic": "azure-storage", "storage-loganalytics": "azure-storage-loganalytics",
    "cloudtrail-": "aws-cloudtrail", "guardduty-": "aws-guardduty", "gcp-": "gcp-audit", "gws-admin-logentry": "google-workspace",
    "gws-login-logentry": "google-workspace", "gws-admin-reports": "google-workspace-report", "gws-login-reports": "google-workspace-report",
    "m365-": "m365-audit", "okta-": "okta-systemlog", "onelogin-": "onelogin-events", "duo-": "duo-authlog", "github-": "github-audit",
    "bitbucket-": "bitbucket-audit", "kubernetes-": "kubernetes-audit",
}


def _format(shape):
    return FORMATS.get(shape) or next(f for start, f in FORMATS.items() if start.endswith("-") and shape.startswith(start))


def _body(name, n):
    shape = SHAPES[name]
    return json.dumps(shape.wrap(shape.make(n)))


def _received(d):
    return {dict(labels)["format"]: value for (name, labels), value in d.metrics().items() if name == "picketd_events_received_total" and value}


def every_wrapping_is_counted_in_its_own_format_and_none_is_generic(place):
    d = place.daemon()
    for n, name in enumerate(SHAPES):
        before = _received(d)
        d.post(_body(name, n))
        after = _received(d)
        equal({k: v - before.get(k, 0) for k, v in after.items() if v != before.get(k, 0)}, {_format(name): 1}, name)


def outer_wrappings_of_bodies_give_each_record_once(place):
    """Archives, pages, lines and what relays put around a record."""
    d = place.daemon()
    trail = [SHAPES["cloudtrail-bare"].make(n) for n in range(40)]
    hub = [SHAPES["audit-diagnostic"].make(n) for n in range(40)]
    page = [SHAPES["risk-graph"].make(n) for n in range(40)]
    lines = "".join(json.dumps(r) + "\n" for r in trail[12:15])
    packed = base64.b64encode(json.dumps({"records": hub[9:11]}).encode()).decode()
    bodies = [
        ("Records, packed", gz(json.dumps({"Records": trail[:5]})), {"Content-Encoding": "gzip"}, "aws-cloudtrail", 5),
        ("lines", lines, None, "aws-cloudtrail", 3),
        ("pretty array", json.dumps(trail[20:24], indent=2), None, "aws-cloudtrail", 4),
        ("records", json.dumps({"records": hub[:4]}), None, "entra-auditlogs-diagnostic", 4),
        ("array of records", json.dumps([{"records": hub[4:6]}, {"records": hub[6:9]}]), None, "entra-auditlogs-diagnostic", 5),
        ("ContentData", json.dumps([{"ContentData": packed, "Properties": {}}]), None, "entra-auditlogs-diagnostic", 2),
        ("message", json.dumps({"message": json.dumps(hub[11]), "host": "relay"}), None, "entra-auditlogs-diagnostic", 1),
        ("page", json.dumps({"@odata.context": "c", "value": page[:3], "@odata.nextLink": "n"}), None, "entra-riskdetection", 3),
        ("many log events", json.dumps({"logGroup": "g", "logEvents": [{"id": str(n), "timestamp": 1, "message": json.dumps(r)} for n, r in enumerate(trail[30:33])]}),
         None, "aws-cloudtrail", 3),
    ]
    for name, body, headers, form, count in bodies:
        before = _received(d)
        d.post(body, headers)
        after = _received(d)
        equal({k: v - before.get(k, 0) for k, v in after.items() if v != before.get(k, 0)}, {form: count}, name)


def every_schema_that_recognises_something_is_tried(place):
    """So that a new schema cannot be forgotten here."""
    del place
    folder = os.path.join(TOP, "conf", "schemas")
    detecting = {n[:-5] for n in os.listdir(folder) if n.endswith(".yaml") and "\ndetect:" in open(os.path.join(folder, n), encoding="utf-8").read()}
    missing = detecting - set(map(_format, SHAPES))
    check(not missing, f"no record of {sorted(missing)}")
