"""Where fields stand when their usual member is not there: (shape, edits of its record, the fields that must be read, time).

Edits: path -> value, MISSING takes away; the paths are those of paths.py. Time: seconds behind the record's own, None: not looked at.
"""
import json

from records import APP, CLAIMS, DEVICE, TENANT, USER
from sigma import MISSING

OTHER_IP, GONE = "203.0.113.5", MISSING
NAMED = {("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name" if k.endswith("/upn") else k): v for k, v in CLAIMS.items()}
P, E = "properties.", "azure.signinlogs.properties."
DEVICE_TEXT = json.dumps({"deviceId": DEVICE, "operatingSystem": "Plan 9", "browser": "Mothra", "isCompliant": True, "isManaged": False, "trustType": "Workplace"})
PLACE_TEXT = json.dumps({"city": "Bergen", "state": "Vestland", "countryOrRegion": "NO", "geoCoordinates": {"latitude": 60.39, "longitude": 5.32}})
STATUS_TEXT = json.dumps({"errorCode": 50126, "failureReason": "Bad.", "additionalDetails": "More"})


def parameters(member, *values):
    return [{"name": k, member: v} for k, v in zip(("SETTING_NAME", "OLD_VALUE", "NEW_VALUE", "USER_EMAIL"), values)]


def read_parameters(*values):
    return dict(zip(("setting_name", "old_value", "new_value", "user_email"), values))


OTHERS = [
    ("cloudtrail-bare", {"userIdentity.userName": GONE, "userIdentity.principalId": GONE, "recipientAccountId": GONE},
     {"userPrincipalName": "arn:aws:iam::123456789012:user/ada", "userId": "arn:aws:iam::123456789012:user/ada", "tenant": "123456789012"}, 0),
    ("guardduty-finding", {"service.action": {"networkConnectionAction": {"remoteIpDetails": {"ipAddressV4": OTHER_IP}}}, "updatedAt": GONE}, {"ipAddress": OTHER_IP}, -10),
    ("activity-eventhub", {"callerIpAddress": GONE, "tenantId": GONE, "identity.claims": NAMED},
     {"ipAddress": "198.51.100.7", "userPrincipalName": "ada@contoso.example", "tenant": TENANT}, 0),
    ("activity-loganalytics", {"CategoryValue": GONE, "OperationNameValue": GONE, "ActivityStatusValue": GONE, "ActivityStatus": "Done", "ResourceProviderValue": GONE,
                               "ResourceProvider": "Web apps", "_ResourceId": GONE, "ResourceId": "/one", "Claims_d": GONE, "Claims": json.dumps(CLAIMS)},
     {"category": "Administrative", "operationName": "Restart Web App", "resultType": "Done", "ResourceProviderValue": "Web apps", "resourceId": "/one", "userId": USER,
      "appId": APP}, 0),
    ("activity-rest", {"category": "Policy", "operationName": "One/two", "status": "Done", "resourceProviderName": "Web", "httpRequest": GONE, "caller": GONE, "tenantId": GONE},
     {"category": "Policy", "operationName": "One/two", "resultType": "Done", "ResourceProviderValue": "Web", "ipAddress": "198.51.100.7",
      "userPrincipalName": "ada@contoso.example", "tenant": TENANT}, 0),
    ("other-diagnostic", {"resultType": GONE, "resultDescription": GONE, "operationName": GONE, "tenantId": GONE, "location": "SE", P + "status": {
        "errorCode": 7, "failureReason": "Seven."}, P + "operationName": "Inner", P + "ipAddress": OTHER_IP, P + "location": {"countryOrRegion": "NO"}},
     {"resultType": "7", "resultDescription": "Seven.", "operationName": "Inner", "ipAddress": OTHER_IP, "location.countryOrRegion": "NO", "tenant": TENANT}, 0),
    ("other-diagnostic", {P + "activityDateTime": GONE}, {}, 60),
    ("other-loganalytics", {"IPAddress": GONE, "CallerIpAddress": OTHER_IP, "LocationDetails": {"countryOrRegion": "NO"}, "AADTenantId": GONE,
                            "ResourceId": f"/tenants/{TENANT}/x"}, {"ipAddress": OTHER_IP, "location.countryOrRegion": "NO", "tenant": TENANT}, 0),
    ("signin-diagnostic", {"resultType": GONE, "resultDescription": GONE, "operationName": GONE, "tenantId": GONE, "callerIpAddress": OTHER_IP, "location": "NO",
                           P + "ipAddress": GONE, P + "location": GONE, P + "riskEventTypes_v2": GONE, P + "riskEventTypes": ["generic"], P + "operationName": "Inner",
                           P + "createdDateTime": GONE},
     {"resultType": "50074", "resultDescription": "Other.", "operationName": "Inner", "tenant": TENANT, "ipAddress": OTHER_IP, "location.countryOrRegion": "NO",
      "riskEventTypes_v2": "generic"}, 60),
    ("audit-diagnostic", {P + "category": GONE, "category": "UserManagement", "operationName": GONE, P + "initiatedBy.user.ipAddress": GONE, "callerIpAddress": OTHER_IP,
                          "tenantId": GONE, P + "operationName": "Inner"},
     {"category": "UserManagement", "operationName": "Inner", "ipAddress": OTHER_IP, "tenant": TENANT}, 0),
    ("audit-loganalytics", {"ActivityDateTime": GONE, "TimeGenerated": "2026-03-02T09:00:00Z"}, {}, None),
    ("risk-diagnostic", {P + "ipAddress": GONE, "callerIpAddress": OTHER_IP, P + "location": GONE, "location": "no", "tenantId": GONE, P + "activityDateTime": GONE},
     {"ipAddress": OTHER_IP, "location.countryOrRegion": "no", "tenant": TENANT}, 300),
    ("risk-graph", {"activityDateTime": GONE}, {}, 300),
    ("risk-loganalytics", {"Location": "NO", "ActivityDateTime": GONE}, {"location.countryOrRegion": "NO"}, 300),
    ("signin-graph", {"riskEventTypes_v2": GONE, "riskEventTypes": ["generic"]}, {"riskEventTypes_v2": "generic"}, 0),
    ("signin-flat", {"createdDateTime": GONE, "time": "2026-03-02T10:00:00Z", "resultType": GONE, "status": {"errorCode": 50126}, "ipAddress": GONE,
                     "callerIpAddress": OTHER_IP, "location": "NO", "riskEventTypes_v2": GONE, "riskEventTypes": ["generic"], "tenantId": TENANT},
     {"resultType": "50126", "ipAddress": OTHER_IP, "location.countryOrRegion": "NO", "riskEventTypes_v2": "generic", "tenant": TENANT}, None),
    ("signin-flat", {"location": GONE, "countryOrRegion": "DK"}, {"location.countryOrRegion": "DK"}, 0),
    ("signin-flat", {"location": GONE, "country": "FI"}, {"location.countryOrRegion": "FI"}, 0),
    ("signin-loganalytics", {"ResultType": GONE, "ResultDescription": GONE, "IPAddress": GONE, "CallerIpAddress": OTHER_IP, "RiskEventTypes_V2": GONE,
                             "RiskEventTypes": "[\"generic\"]", "LocationDetails": GONE, "Location": "NO", "CreatedDateTime": GONE},
     {"resultType": "50074", "resultDescription": "Other.", "ipAddress": OTHER_IP, "location.countryOrRegion": "NO", "riskEventTypes_v2": "generic"}, 60),
    ("signin-loganalytics", {"ResultType": GONE, "ResultDescription": GONE, "Status": GONE, "Status_string": STATUS_TEXT, "LocationDetails": GONE,
                             "LocationDetails_string": PLACE_TEXT, "DeviceDetail": GONE, "DeviceDetail_string": DEVICE_TEXT},
     {"resultType": "50126", "resultDescription": "Bad.", "Status": "Failure More", "location.city": "Bergen", "location.countryOrRegion": "NO",
      "location.geoCoordinates.latitude": "60.39", "location.geoCoordinates.longitude": "5.32", "deviceDetail.operatingSystem": "Plan 9", "deviceDetail.browser": "Mothra",
      "deviceDetail.isCompliant": "true", "deviceDetail.isManaged": "false", "deviceDetail.trustType": "Workplace"}, 0),
    ("signin-loganalytics", {"Type": GONE, "Category": "NonInteractiveUserSignInLogs", "AADTenantId": GONE, "ResourceId": f"/tenants/{TENANT}/x"},
     {"category": "NonInteractiveUserSignInLogs", "tenant": TENANT}, 0),
    ("signin-ecs", {"azure.signinlogs.result_type": GONE, "azure.signinlogs.result_description": GONE, E + "status": {"error_code": 50126, "failure_reason": "Bad."},
                    E + "user_principal_name": GONE, E + "user_id": GONE, E + "user_display_name": GONE, "user": {"name": "bob", "domain": "contoso.example", "id": "u7",
                                                                                                             "full_name": "Bob Example"},
                    "source": GONE, E + "ip_address": OTHER_IP, "user_agent": GONE, E + "user_agent": "Agent/2", E + "risk_level_during_signin": GONE,
                    E + "risk_level_during_sign_in": "high", "azure.tenant_id": GONE, "azure.signinlogs.tenant_id": TENANT, E + "created_at": GONE},
     {"resultType": "50126", "resultDescription": "Bad.", "userPrincipalName": "bob@contoso.example", "userId": "u7", "userDisplayName": "Bob Example",
      "ipAddress": OTHER_IP, "userAgent": "Agent/2", "riskLevelDuringSignIn": "high", "tenant": TENANT}, 0),
    ("signin-ecs", {"azure.signinlogs.result_description": GONE, "message": "Words", E + "user_principal_name": GONE, "user": {"name": "bob"}, "source": GONE,
                    "azure.signinlogs.caller_ip_address": OTHER_IP}, {"resultDescription": "Words", "userPrincipalName": "bob", "ipAddress": OTHER_IP}, 0),
    ("storage-diagnostic", {"tenantId": "t7"}, {"tenant": "t7"}, 0),
    ("duo-authlog", {"user.name": GONE, "access_device": GONE, "ip": OTHER_IP, "application": GONE, "integration": "Door", "isotimestamp": GONE},
     {"userPrincipalName": "ada@contoso.example", "ipAddress": OTHER_IP, "appDisplayName": "Door"}, 0),
    ("duo-authlog", {"user.name": GONE, "email": GONE, "username": "bob"}, {"userPrincipalName": "bob"}, 0),
    ("github-stream", {"business": GONE, "@timestamp": GONE}, {"tenant": "contoso-org"}, 0),
    ("gcp-logentry", {"timestamp": GONE}, {}, 1),
    ("gws-admin-reports", {"events[].parameters": parameters("boolValue", True, False, True, False)}, read_parameters("true", "false", "true", "false"), 0),
    ("gws-admin-reports", {"events[].parameters": parameters("intValue", "7", "8", "9", "10")}, read_parameters("7", "8", "9", "10"), 0),
    ("gws-admin-reports", {"events[].parameters": parameters("multiValue", ["w"], ["x"], ["y"], ["z"])}, read_parameters("w", "x", "y", "z"), 0),
    ("kubernetes-event", {"requestObject": {"spec": {"template": {"spec": {"volumes": [{"hostPath": {"path": "/other"}}], "containers": [
        {"securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}}}]}}}}, "requestReceivedTimestamp": GONE}, {"hostPath": "/other", "capabilities": "SYS_ADMIN"}, 0),
    ("m365-audit", {"ClientIP": GONE, "ClientIPAddress": f"{OTHER_IP}:44", "ExtendedProperties": [], "UserAgent": "Agent/2", "ApplicationId": GONE, "AppId": APP,
                    "ErrorNumber": GONE}, {"ipAddress": OTHER_IP, "userAgent": "Agent/2", "appId": APP, "resultType": "Failed", "eventName": "Other operation."}, 0),
    ("m365-audit", {"ClientIP": GONE, "ActorIpAddress": "[2001:db8::7]:44"}, {"ipAddress": "2001:db8::7"}, 0),
    ("onelogin-webhook", {"user_name": GONE, "created_at": GONE}, {"userPrincipalName": "Ada Example"}, 0),
    ("bitbucket-audit", {"timestamp": {"epochSecond": 1772442000, "nano": 0}}, {}, None),
]
