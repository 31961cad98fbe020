"""Where each field that Sigma rules name stands in the records that providers send.

From the providers' own documentation; conf/schemas is not read here, so that the two check each other.
A path: member names with dots between; `[]` any element; `[name=X]` the element whose member `name` is X.
"""
import json
import re

from sigma import MISSING

STEP = re.compile(r"((?:@odata\.|[^.\[\]])+)(\[[^\]]*\])?\.?")


def steps(path):
    return [(m.group(1), m.group(2)) for m in STEP.finditer(path)]


def read(record, path):
    found = [record]
    for name, select in steps(path):
        found = [v for r in flat(found) if isinstance(r, dict) for v in member(r, name)]
        if select and "=" in select:
            key, value = select[1:-1].split("=", 1)
            found = [e for r in found if isinstance(r, list) for e in r if isinstance(e, dict) and e.get(key) == value]
    return [v for f in found for v in ([f, *f] if isinstance(f, list) else [f])]


def member(record, name):
    """Collectors change the case of names."""
    if name in record:
        return [record[name]]
    return [v for k, v in record.items() if k.lower() == name.lower()]


def flat(values):
    return [e for v in values for e in (v if isinstance(v, list) else [v])]


def write(record, path, value):
    """value MISSING takes the member away."""
    at, todo = record, steps(path)
    for n, (name, select) in enumerate(todo):
        last = n == len(todo) - 1
        if last and not select:
            if value is MISSING:
                at.pop(name, None)
            else:
                at[name] = value
            return
        if not select:
            if not isinstance(at.get(name), dict):
                at[name] = {}
            at = at[name]
            continue
        if not isinstance(at.get(name), list):
            at[name] = []
        array = at[name]
        if "=" in select:
            key, wanted = select[1:-1].split("=", 1)
            element = next((e for e in array if isinstance(e, dict) and e.get(key) == wanted), None)
            if element is None:
                element = {key: wanted}
                array.append(element)
        elif last:
            array[:] = [value]
            if value is MISSING:
                del at[name]
            return
        else:
            if not array:
                array.append({})
            element = array[0]
        at = element


class Field:
    """A field behind a path. `words`: rule's value -> provider's value. `form`: what the provider writes there at all.
    `also`: read too when deciding. `text`: the member is a string that holds JSON."""

    def __init__(self, path, words=None, form=None, kind=None):
        self.path, self.words, self.form, self.kind = path, {k.lower(): v for k, v in (words or {}).items()}, form, kind

    def write(self, record, value):
        """False: a provider never writes that there."""
        if isinstance(value, str) and value.lower() in self.words:
            value = self.words[value.lower()]
        elif self.form and value is not MISSING and value is not None and not re.fullmatch(self.form, str(value), re.I):
            return False
        if self.kind and value is not MISSING and value is not None:
            value = self.kind(value)
        write(record, self.path, value)
        return True

    def read(self, record):
        back = {str(v).lower(): k for k, v in self.words.items()}
        return [back.get(str(v).lower(), v) if isinstance(v, (str, int)) and not isinstance(v, bool) else v for v in read(record, self.path)]


def boolean(v):
    return {"true": True, "false": False}.get(str(v).lower(), v)


def number(v):
    return int(v) if re.fullmatch(r"-?\d+", str(v)) else v


def quoted(v):
    """Entra's audit log holds values of properties as JSON inside a string."""
    return v if str(v)[:1] in "[{\"" else json.dumps(str(v))


F = Field
UPN = r"[^@\s]+@[^@\s]+"
AUTHENTICATION = {"Device Code": "deviceCode", "ROPC": "ropc"}
OUTCOME = {"Success": "success", "Failure": "failure"}
SERVICE_TYPE = r"User|Device|Directory|App|Role|Group|Policy|ServicePrincipal|Application|Other"


def under(prefix, names, **more):
    """Each name, when rules write it as it stands, below a prefix."""
    return {**{n.lower(): F(prefix + n) for n in names}, **more}


SIGNIN = ["userAgent", "userPrincipalName", "appDisplayName", "appId", "authenticationRequirement", "conditionalAccessStatus", "riskState",
          "resourceDisplayName", "homeTenantId", "resourceTenantId", "ipAddress"]
CLIENT = {"Other client": "Other clients", "IMAP": "IMAP4"}


def signin(prefix, result, description, location, details, pascal=lambda n: n, strings=False):
    p = lambda n: prefix + pascal(n)
    out = {n.lower(): F(p(n)) for n in SIGNIN}
    out |= {"resulttype": F(result, kind=str if strings else number), "resultdescription": F(description),
            "devicedetail.trusttype": F(p("deviceDetail") + ".trustType"), "devicedetail.iscompliant": F(p("deviceDetail") + ".isCompliant", kind=boolean),
            "devicedetail.deviceid": F(p("deviceDetail") + ".deviceId"), "properties.devicedetail.deviceid": F(p("deviceDetail") + ".deviceId"),
            "networklocationdetails": F(p("networkLocationDetails")), "properties.message": F(p("authenticationProtocol"), AUTHENTICATION),
            "clientapp": F(p("clientAppUsed")), "username": F(p("userPrincipalName"), form=UPN), "location": F(location),
            "properties.appid": F(p("appId")), "properties.authenticationrequirement": F(p("authenticationRequirement")),
            "calleripaddress": F(p("ipAddress")), "status": SignInStatus(result, details)}
    return out


class SignInStatus:
    """Sigma's `Status`: the word for the result, or the text of the second factor's outcome."""

    def __init__(self, result, details):
        self.result, self.details = result, details

    def write(self, record, value):
        if str(value).lower() in ("success", "failure"):
            old = read(record, self.result)
            text = old and isinstance(old[0], str)
            code = 0 if str(value).lower() == "success" else 50126
            write(record, self.result, str(code) if text else code)
            return True
        write(record, self.details, value)
        return True

    def read(self, record):
        code = [str(c) for c in read(record, self.result)]
        return [("Success" if c == "0" else "Failure") for c in code] + [d for d in read(record, self.details) if d]


def pascal(n):
    return {"ipAddress": "IPAddress", "riskEventTypes_v2": "RiskEventTypes_V2"}.get(n, n[:1].upper() + n[1:])


PROPERTIES = "targetResources[].modifiedProperties[displayName=%s].newValue"


def audit(prefix, pas=lambda n: n, operation="operationName", category="category", top=""):
    p = lambda n: prefix + pas(n)
    named = lambda path: F(path, form=r"[^\"]+")  # the name of an activity is no JSON
    targets = p("targetResources")
    consent = F(f"{targets}[].modifiedProperties[displayName=ConsentContext.IsAdminConsent].newValue", {"false": '"False"', "true": '"True"'})
    return {
        "properties.message": named(p("activityDisplayName")), "operationname": named(operation), "category": F(category),
        "activitydisplayname": named(p("activityDisplayName")), "activitytype": named(p("activityDisplayName")),
        "loggedbyservice": F(p("loggedByService")), "status": AuditStatus(p("result"), p("resultReason")),
        "properties.result": F(p("result"), OUTCOME, form="success|failure|timeout|unknownFutureValue"),
        "failure_status_reason": F(p("resultReason")),
        "targetresources": Inside(targets), "properties.targetresources": Inside(targets), "target": Inside(targets, form=UPN),
        "targetresources.type": F(targets + "[].type", form=SERVICE_TYPE),
        "targetresources.modifiedproperties": Inside(targets, "modifiedProperties"),
        "targetresources.modifiedproperties.displayname": F(targets + "[].modifiedProperties[].displayName"),
        "targetresources.modifiedproperties.newvalue": F(targets + "[].modifiedProperties[].newValue", kind=quoted),
        "consentcontext.isadminconsent": consent,
        "additionaldetails.additionalinfo": F(p("additionalDetails") + "[key=additionalInfo].value"),
        "initiatedby": F(p("initiatedBy") + ".user.userPrincipalName", form=UPN),
        "initiatied.by": F(p("initiatedBy") + ".user.userPrincipalName"),
        "properties.initiatedby": F(p("initiatedBy") + ".user.userPrincipalName"),
    }


class AuditStatus:
    def __init__(self, result, reason):
        self.result, self.reason = result, reason

    def write(self, record, value):
        if str(value).lower() in ("success", "failure", "timeout"):
            write(record, self.result, str(value).lower())
        else:
            write(record, self.reason, value)
        return True

    def read(self, record):
        return read(record, self.result) + [r for r in read(record, self.reason) if r]


class Inside:
    """A field whose value is an array of objects; rules look into its text."""

    def __init__(self, path, member=None, form=None):
        self.path, self.member, self.form = path, member, form

    def write(self, record, value):
        if self.form and not re.fullmatch(self.form, str(value)):
            return False
        if self.member:
            write(record, f"{self.path}[].{self.member}[].displayName", value)
        else:
            name = "id" if re.fullmatch(r"[0-9a-f-]{36}", str(value)) else "displayName"
            write(record, f"{self.path}[].{name}", value)
        return True

    def read(self, record):
        path = f"{self.path}[].{self.member}" if self.member else self.path
        return [v for v in read(record, path) if isinstance(v, list)]


class Any:
    """A member that rules name as it stands."""

    def __init__(self, prefix=""):
        self.prefix = prefix

    def __call__(self, name):
        return F(self.prefix + name)


class ObjectText:
    """A rule looks into the text of a whole object: what the provider puts there stands in EXAMPLES."""

    def __init__(self, path):
        self.path = path

    def write(self, record, value):
        if value is MISSING:
            return False
        for member, example in EXAMPLES.get(str(value), {f"note{abs(hash(str(value))) % 1000}": value}).items():
            write(record, f"{self.path}.{member}", example)
        return True

    def read(self, record):
        return read(record, self.path)


# CloudTrail carries a policy as a string.
TEMPLATED = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::<YOUR-BUCKET-NAME>/*"]}]})
EXAMPLES = {
    "Suspended": {"VersioningConfiguration": {"Status": "Suspended", "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/"}},
    "\"arn:aws:s3:::<YOUR-BUCKET-NAME>/*\"": {"policyDocument": TEMPLATED}, "\"s3:GetObject\"": {}, "\"Allow\"": {},
}

CLOUDTRAIL = ["eventName", "eventSource", "errorCode", "errorMessage", "userAgent", "sourceIPAddress", "eventType", "userIdentity.type", "userIdentity.arn",
              "userIdentity.sessionContext.sessionIssuer.type", "requestParameters.attribute", "requestParameters.userName", "requestParameters.layers[]",
              "responseElements.ConsoleLogin", "additionalEventData.MFAUsed", "responseElements.pendingModifiedValues.masterUserPassword",
              "requestParameters.containerDefinitions[].command[]"]


def cloudtrail():
    out = {n.replace("[]", "").lower(): F(n) for n in CLOUDTRAIL}
    out |= {"requestparameters.enable": F("requestParameters.enable", kind=boolean), "requestparameters": ObjectText("requestParameters"),
            "responseelements.publiclyaccessible": F("responseElements.publiclyAccessible", kind=boolean), "responseelements": ObjectText("responseElements"),
            "src_ip": F("sourceIPAddress")}
    return out


class Granted(F):
    pass


def gcp(kind):
    p = "protoPayload."
    return {"gcp.audit.method_name": F(p + "methodName"), "data.protopayload.methodname": F(p + "methodName"),
            "data.protopayload.servicename": F(p + "serviceName"), "data.protopayload.authorizationinfo.permission": F(p + "authorizationInfo[].permission"),
            "data.protopayload.authorizationinfo.granted": F(p + "authorizationInfo[].granted", kind=boolean),
            "data.protopayload.resource.type": F("resource.type"),
            "data.protopayload.logname": F("logName", {"cloudaudit.googleapis.com/activity": "projects/example-project/logs/cloudaudit.googleapis.com/activity",
                                                       "cloudaudit.googleapis.com%2Factivity": "projects/example-project/logs/cloudaudit.googleapis.com%2Factivity"})}


def workspace_log():
    e = "protoPayload.metadata.event[]"
    return {"eventservice": F("protoPayload.serviceName"), "eventname": F(e + ".eventName"), "protopayload.servicename": F("protoPayload.serviceName"),
            "protopayload.metadata.event.eventname": F(e + ".eventName"),
            "setting_name": F(e + ".parameter[name=SETTING_NAME].value"), "new_value": F(e + ".parameter[name=NEW_VALUE].value")}


APPLICATION = {"admin.googleapis.com": "admin", "login.googleapis.com": "login"}


def workspace_report():
    e = "events[]"
    return {"eventservice": F("id.applicationName", APPLICATION), "protopayload.servicename": F("id.applicationName", APPLICATION),
            "eventname": F(e + ".name"), "protopayload.metadata.event.eventname": F(e + ".name"),
            "setting_name": F(e + ".parameters[name=SETTING_NAME].value"), "new_value": F(e + ".parameters[name=NEW_VALUE].value")}


def m365():
    names = ["Operation", "Workload", "ResultStatus", "ApplicationId", "ObjectId", "UserId", "Directionality", "DeliveryAction"]
    return under("", names, **{
        "requesttype": F("ExtendedProperties[Name=RequestType].Value"), "parameters": Named("Parameters"), "operationproperties": Named("OperationProperties"),
        "eventsource": F("Workload"), "eventname": F("Operation"), "status": F("ResultStatus", {"success": "Success"}), "payload": F("Data")})


class Named(Inside):
    """Name and value pairs, in whose text rules look for a name."""

    def write(self, record, value):
        write(record, f"{self.path}[Name={value}].Value", "True")
        return True

    def read(self, record):
        return [v for v in read(record, self.path) if isinstance(v, list)]


def m365_alert():
    out = m365()
    out["eventname"] = F("Name")
    return out


OKTA = ["eventType", "displayMessage", "outcome.reason", "outcome.result", "target[].displayName", "legacyEventType", "actor.alternateId",
        "debugContext.debugData.requestUri", "debugContext.debugData.behaviors", "debugContext.debugData.logOnlySecurityData"]
KUBERNETES = ["verb", "objectRef.resource", "objectRef.apiGroup", "objectRef.namespace", "objectRef.subresource", "requestURI"]


def okta():
    return {n.replace("[]", "").lower(): F(n) for n in OKTA} | {"securitycontext.isproxy": F("securityContext.isProxy", kind=boolean)}


def kubernetes():
    return {n.lower(): F(n) for n in KUBERNETES} | {
        "responsestatus.code": F("responseStatus.code", kind=number, form=r"\d+"), "apigroup": F("objectRef.apiGroup"),
        "hostpath": F("requestObject.spec.volumes[].hostPath.path"), "capabilities": F("requestObject.spec.containers[].securityContext.capabilities.add[]")}


def activity(operation, category, provider, resource):
    return {"operationname": F(operation), "operationnamevalue": F(operation), "categoryvalue": F(category),
            "resourceprovidervalue": F(provider) if provider else None, "resourceid": F(resource), "properties.message": F(operation)}


TABLE = {
    "signin-diagnostic": signin("properties.", "resultType", "resultDescription", "properties.location.countryOrRegion",
                                "properties.status.additionalDetails", strings=True),
    "signin-graph": signin("", "status.errorCode", "status.failureReason", "location.countryOrRegion", "status.additionalDetails"),
    "signin-loganalytics": signin("", "ResultType", "ResultDescription", "LocationDetails.countryOrRegion", "Status.additionalDetails", pascal, True),
    "audit-diagnostic": audit("properties.", operation="operationName", category="properties.category"),
    "audit-graph": audit("", operation="activityDisplayName"),
    "audit-loganalytics": audit("", pascal, operation="OperationName", category="Category"),
    "risk-diagnostic": {"riskeventtype": F("properties.riskEventType")},
    "risk-graph": {"riskeventtype": F("riskEventType")},
    "risk-loganalytics": {"riskeventtype": F("RiskEventType")},
    "pim-graph": {"riskeventtype": F("@odata.type")},
    "activity-eventhub": activity("operationName", "category", None, "resourceId"),
    "activity-rest": activity("operationName.value", "category.value", "resourceProviderName.value", "resourceId"),
    "activity-loganalytics": activity("OperationNameValue", "CategoryValue", "ResourceProviderValue", "_ResourceId"),
    "cloudtrail-bare": cloudtrail(), "cloudtrail-records": cloudtrail(), "cloudtrail-eventbridge": cloudtrail(),
    "gcp-logentry": gcp("bare"), "gcp-data": gcp("data"), "gcp-pubsub": gcp("pubsub"),
    "gws-admin-logentry": workspace_log(), "gws-admin-reports": workspace_report(),
    "gws-login-logentry": workspace_log(), "gws-login-reports": workspace_report(),
    "m365-audit": m365(), "m365-exchange": m365(), "m365-alert": m365_alert(),
    "okta-systemlog": okta(), "okta-eventbridge": okta(), "okta-hook": okta(),
    "onelogin-webhook": {"event_type_id": F("event_type_id", kind=number)}, "onelogin-api": {"event_type_id": F("event_type_id", kind=number)},
    "duo-authlog": {"event_type": F("event_type"), "reason": F("reason")}, "duo-api": {"event_type": F("event_type"), "reason": F("reason")},
    "github-stream": {"action": F("action")},
    "bitbucket-audit": {"audittype.category": F("auditType.category"), "audittype.action": F("auditType.action")},
    "kubernetes-event": kubernetes(), "kubernetes-list": kubernetes(),
}
TABLE["pim-graph"]["riskeventtype"].words = {}
for words in TABLE.values():
    for missing in [k for k, v in words.items() if v is None]:
        del words[missing]


class Pim(F):
    """Incidents of Graph's role management alerts are known by their type."""

    def write(self, record, value):
        return super().write(record, "#microsoft.graph." + value)

    def read(self, record):
        return [v.rsplit(".", 1)[-1] for v in super().read(record)]


TABLE["pim-graph"]["riskeventtype"] = Pim("@odata.type")
