"""A whole record of each source in each shape it is delivered in, and the fields one must be able to read from it.

Written from the providers' documentation; every value differs from its neighbours, so that a field
read from the wrong member is seen. SHAPES: name -> Shape.
"""
import base64
import copy
import json
from datetime import datetime, timedelta, timezone

START = datetime(2026, 3, 2, 8, 0, tzinfo=timezone.utc)
TENANT, HOME, RESOURCE = "11111111-aaaa-4aaa-8aaa-111111111111", "22222222-bbbb-4bbb-8bbb-222222222222", "33333333-cccc-4ccc-8ccc-333333333333"
USER, APP, DEVICE = "44444444-dddd-4ddd-8ddd-444444444444", "55555555-eeee-4eee-8eee-555555555555", "66666666-ffff-4fff-8fff-666666666666"
SUBSCRIPTION = "77777777-1111-4111-8111-777777777777"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def moment(n, form="%Y-%m-%dT%H:%M:%S.000Z"):
    return (START + timedelta(seconds=n)).strftime(form)


def guid(n, first="99999999"):
    return f"{first}-0000-4000-8000-{n:012x}"


def sign_in(n):
    """Graph signIn (beta)."""
    return {
        "id": guid(n), "createdDateTime": moment(n), "userDisplayName": "Ada Example", "userPrincipalName": "ada@contoso.example", "userId": USER,
        "appId": APP, "appDisplayName": "Contoso Portal", "ipAddress": "198.51.100.7", "clientAppUsed": "Browser", "userAgent": AGENT,
        "correlationId": guid(n, "88888888"), "conditionalAccessStatus": "notApplied", "isInteractive": True, "tokenIssuerType": "AzureAD",
        "authenticationRequirement": "multiFactorAuthentication", "authenticationProtocol": "none", "riskDetail": "userPassedMFADrivenByRiskBasedPolicy",
        "riskLevelAggregated": "medium", "riskLevelDuringSignIn": "low", "riskState": "remediated", "riskEventTypes_v2": ["unfamiliarFeatures"],
        "resourceDisplayName": "Microsoft Graph", "resourceId": "00000003-0000-0000-c000-000000000000", "homeTenantId": HOME, "resourceTenantId": RESOURCE,
        "crossTenantAccessType": "b2bCollaboration", "signInEventTypes": ["interactiveUser"], "autonomousSystemNumber": 64500, "servicePrincipalId": "", "networkLocationDetails":
        [{"networkType": "namedNetwork", "networkNames": ["Head office"]}],
        "status": {"errorCode": 50074, "failureReason": "Other.", "additionalDetails": "MFA required in Azure AD"},
        "deviceDetail": {"deviceId": DEVICE, "displayName": "LAPTOP-7", "operatingSystem": "Linux", "browser": "Firefox 128.0", "isCompliant": True,
                         "isManaged": False, "trustType": "Hybrid Azure AD joined"},
        "location": {"city": "Uppsala", "state": "Uppsala Lan", "countryOrRegion": "SE", "geoCoordinates": {"altitude": None, "latitude": 59.858, "longitude": 17.639}}}


SIGN_IN_FIELDS = {
    "userDisplayName": "Ada Example", "userPrincipalName": "ada@contoso.example", "userId": USER, "appId": APP, "appDisplayName": "Contoso Portal",
    "ipAddress": "198.51.100.7", "clientAppUsed": "Browser", "userAgent": AGENT, "conditionalAccessStatus": "notApplied", "resultType": "50074",
    "authenticationRequirement": "multiFactorAuthentication", "riskLevelAggregated": "medium", "riskLevelDuringSignIn": "low", "riskState": "remediated",
    "riskDetail": "userPassedMFADrivenByRiskBasedPolicy", "resourceDisplayName": "Microsoft Graph", "homeTenantId": HOME, "resourceTenantId": RESOURCE,
    "crossTenantAccessType": "b2bCollaboration", "autonomousSystemNumber": "64500", "location.countryOrRegion": "SE", "location.city": "Uppsala",
    "location.geoCoordinates.latitude": "59.858", "location.geoCoordinates.longitude": "17.639", "deviceDetail.deviceId": DEVICE,
    "deviceDetail.operatingSystem": "Linux", "deviceDetail.browser": "Firefox 128.0", "deviceDetail.isCompliant": "true", "deviceDetail.isManaged": "false",
    "deviceDetail.trustType": "Hybrid Azure AD joined", "riskEventTypes_v2": "unfamiliarFeatures", "Username": "ada@contoso.example", "ClientApp": "Browser",
    "Status": "Failure MFA required in Azure AD", "Location": "SE", "country": "SE", "properties.message": "none", "properties.deviceDetail.deviceId": DEVICE}
ENVELOPE_FIELDS = {"tenant": TENANT, "tenantId": TENANT, "operationName": "Sign-in activity", "resultDescription": "Other text.", "category": "SignInLogs"}


def envelope(n, category, operation, properties, **more):
    return {"time": moment(n + 60), "resourceId": f"/tenants/{TENANT}/providers/Microsoft.aadiam", "operationName": operation, "operationVersion": "1.0",
            "category": category, "tenantId": TENANT, "resultSignature": "None", "durationMs": 0, "callerIpAddress": "198.51.100.7",
            "correlationId": guid(n, "88888888"), "Level": 4, **more, "properties": properties}


def sign_in_diagnostic(n):
    return envelope(n, "SignInLogs", "Sign-in activity", sign_in(n), resultType="50074", resultDescription="Other text.", identity="Ada Example", location="SE")


def sign_in_of(category, **more):
    """A sign-in of another log: the category alone decides. What it has no value for is away."""
    def make(n):
        record = sign_in_diagnostic(n)
        record["category"] = category
        record["properties"] = {k: v for k, v in {**record["properties"], **more}.items() if v is not None}
        return record
    return make


def sign_in_flat(n):
    row = sign_in(n)
    del row["status"]
    return dict(row, resultType="50074", resultDescription="Other text.", operationName="Sign-in activity")


def columns(record, renamed):
    return {renamed.get(k, k[:1].upper() + k[1:]): v for k, v in record.items()}


def sign_in_table(n):
    row = sign_in(n)
    row = columns(row, {"ipAddress": "IPAddress", "riskEventTypes_v2": "RiskEventTypes_V2", "location": "LocationDetails"})
    row["RiskEventTypes_V2"] = json.dumps(row["RiskEventTypes_V2"])
    row["AutonomousSystemNumber"] = "64500"
    return {"TenantId": guid(1, "aaaaaaaa"), "AADTenantId": TENANT, "TimeGenerated": moment(n + 60), "Type": "SigninLogs", "Category": "SignInLogs",
            "OperationName": "Sign-in activity", "ResultType": "50074", "ResultDescription": "Other text.", "Location": "SE", "Identity": "Ada Example", **row}


def sign_in_ecs(n):
    return {"@timestamp": moment(n), "event": {"dataset": "azure.signinlogs", "id": guid(n)}, "source": {"ip": "198.51.100.7"},
            "geo": {"country_iso_code": "SE", "city_name": "Uppsala", "location": {"lat": 59.858, "lon": 17.639}},
            "user_agent": {"original": AGENT}, "azure": {"tenant_id": TENANT, "signinlogs": {
                "category": "SignInLogs", "result_type": "50074", "result_description": "Other text.", "operation_name": "Sign-in activity", "properties": {
                    "id": guid(n), "user_principal_name": "ada@contoso.example", "user_id": USER, "user_display_name": "Ada Example", "app_id": APP,
                    "app_display_name": "Contoso Portal", "client_app_used": "Browser", "conditional_access_status": "notApplied",
                    "authentication_requirement": "multiFactorAuthentication", "risk_level_aggregated": "medium", "risk_level_during_signin": "low",
                    "risk_state": "remediated", "risk_detail": "userPassedMFADrivenByRiskBasedPolicy", "risk_event_types_v2": ["unfamiliarFeatures"],
                    "resource_display_name": "Microsoft Graph", "home_tenant_id": HOME, "resource_tenant_id": RESOURCE,
                    "cross_tenant_access_type": "b2bCollaboration", "autonomous_system_number": 64500, "created_at": moment(n),
                    "status": {"error_code": 50074}, "device_detail": {
                        "device_id": DEVICE, "operating_system": "Linux", "browser": "Firefox 128.0", "is_compliant": True, "is_managed": False,
                        "trust_type": "Hybrid Azure AD joined"}}}}}


def sign_in_dotted(n):
    out = {}

    def go(prefix, value):
        if isinstance(value, dict):
            for k, v in value.items():
                go(f"{prefix}.{k}", v)
        else:
            out[prefix] = value
    for k, v in sign_in_diagnostic(n).items():
        if k == "properties":
            go(k, v)
        else:
            out[k] = v
    return out


def audit_event(n):
    """Graph directoryAudit."""
    return {
        "id": f"Directory_{guid(n)}", "category": "ApplicationManagement", "correlationId": guid(n, "88888888"), "result": "clientError",
        "resultReason": "Nothing to say", "activityDisplayName": "Set verified publisher", "activityDateTime": moment(n), "loggedByService": "Account Provisioning",
        "operationType": "Update", "initiatedBy": {"app": None, "user": {"id": USER, "displayName": "Ada Example", "userPrincipalName": "ada@contoso.example",
                                                                       "ipAddress": "198.51.100.7", "roles": []}},
        "targetResources": [{"id": APP, "displayName": "Contoso Portal", "type": "Application", "userPrincipalName": None, "groupType": None,
                             "modifiedProperties": [{"displayName": "VerifiedPublisherId", "oldValue": "\"\"", "newValue": "\"12345\""},
                                                    {"displayName": "ConsentContext.IsAdminConsent", "oldValue": None, "newValue": "\"False\""}]}],
        "additionalDetails": [{"key": "User-Agent", "value": "Graph tool"}, {"key": "additionalInfo", "value": "Some words"}]}


def audit_diagnostic(n):
    p = audit_event(n)
    return envelope(n, "AuditLogs", "Set verified publisher.", dict(p, tenantId=TENANT, operationName=p["activityDisplayName"]), identity="Ada Example")


def audit_by_app(n):
    record = audit_diagnostic(n)
    record["properties"]["initiatedBy"] = {"user": None, "app": {"appId": APP, "displayName": "Provisioner", "servicePrincipalId": USER,
                                                                "servicePrincipalName": None}}
    return record


def audit_table(n):
    return {"TenantId": guid(1, "aaaaaaaa"), "AADTenantId": TENANT, "TimeGenerated": moment(n), "Type": "AuditLogs", "OperationName": "Set verified publisher.",
            "Identity": "Ada Example", "SourceSystem": "Azure AD", **columns(audit_event(n), {})}


AUDIT_FIELDS = {"activityDisplayName": "Set verified publisher", "loggedByService": "Account Provisioning", "operationName": "Set verified publisher.",
                "userPrincipalName": "ada@contoso.example", "ipAddress": "198.51.100.7", "properties.message": "Set verified publisher", "userId": USER,
                "userDisplayName": "Ada Example", "resultType": "clientError", "resultDescription": "Nothing to say", "Status": "clientError Nothing to say",
                "failure_status_reason": "Nothing to say", "ActivityType": "Set verified publisher", "properties.initiatedBy": "ada@contoso.example",
                "Initiatied.By": "ada@contoso.example", "ConsentContext.IsAdminConsent": "False", "additionalDetails.additionalInfo": "Some words",
                "category": "ApplicationManagement"}


def risk(n):
    return {"id": f"{n:064x}", "requestId": guid(n, "12121212"), "correlationId": guid(n, "88888888"), "riskType": "generic", "riskEventType": "unknownFutureValue",
            "riskState": "atRisk", "riskLevel": "high", "riskDetail": "none", "source": "IdentityProtection", "detectionTimingType": "offline",
            "activity": "signin", "tokenIssuerType": "AzureAD", "ipAddress": "198.51.100.7", "activityDateTime": moment(n), "detectedDateTime": moment(n + 300),
            "lastUpdatedDateTime": moment(n + 400), "userId": USER, "userDisplayName": "Ada Example", "userPrincipalName": "ada@contoso.example",
            "additionalInfo": json.dumps([{"Key": "userAgent", "Value": AGENT}]), "homeTenantId": HOME, "resourceTenantId": None,
            "location": {"city": "Uppsala", "state": "Uppsala Lan", "countryOrRegion": "SE", "geoCoordinates": {"latitude": 59.858, "longitude": 17.639}}}


RISK_FIELDS = {"riskState": "atRisk", "riskLevel": "high", "ipAddress": "198.51.100.7", "userId": USER, "userPrincipalName": "ada@contoso.example",
               "userDisplayName": "Ada Example", "location.city": "Uppsala", "location.countryOrRegion": "SE", "riskEventType": "unknownFutureValue"}


def other_diagnostic(n):
    """A log without a schema of its own."""
    return envelope(n, "ProvisioningLogs", "Provisioning activity", {"id": guid(n), "activityDateTime": moment(n), "jobId": "j1"}, resultType="Success",
                    resultDescription="All done", location="se")


def other_table(n):
    return {"TenantId": guid(1, "aaaaaaaa"), "AADTenantId": TENANT, "TimeGenerated": moment(n), "Type": "MicrosoftGraphActivityLogs", "Id": guid(n), "IPAddress": "198.51.100.7",
            "Location": "SE", "UserAgent": AGENT, "RequestUri": "https://graph.microsoft.com/v1.0/me"}


def risk_table(n):
    return {"TenantId": guid(1, "aaaaaaaa"), "AADTenantId": TENANT, "TimeGenerated": moment(n + 420), "Type": "AADUserRiskEvents", "OperationName": "User Risk Detection",
            **columns(risk(n), {})}


def pim(n):
    """Graph unifiedRoleManagementAlertIncident, as a list of incidents holds it."""
    return {"@odata.type": "#microsoft.graph.unknownAlertIncident", "id": guid(n), "assigneeId": USER, "assigneeDisplayName": "Ada Example",
            "assigneeUserPrincipalName": "ada@contoso.example", "roleDisplayName": "User Administrator", "roleDefinitionId": APP, "roleTemplateId": APP,
            "assignmentCreatedDateTime": moment(n), "lastSignInDateTime": moment(n)}


RESOURCE_ID = f"/SUBSCRIPTIONS/{SUBSCRIPTION}/RESOURCEGROUPS/RG1/PROVIDERS/MICROSOFT.WEB/SITES/SITE1"
CLAIMS = {"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": "ada@contoso.example", "ipaddr": "198.51.100.7",
          "appid": APP, "http://schemas.microsoft.com/identity/claims/objectidentifier": USER, "http://schemas.microsoft.com/identity/claims/tenantid": TENANT}


def activity_hub(n):
    return {"time": moment(n), "resourceId": RESOURCE_ID, "operationName": "MICROSOFT.WEB/SITES/RESTART/ACTION", "category": "Administrative",
            "resultType": "Start", "resultSignature": "Started.", "durationMs": 0, "callerIpAddress": "198.51.100.7", "correlationId": guid(n, "88888888"),
            "identity": {"authorization": {"scope": RESOURCE_ID, "action": "Microsoft.Web/sites/restart/action", "evidence": {"role": "Owner"}}, "claims": CLAIMS},
            "level": "Information", "location": "global", "tenantId": TENANT, "properties": {"eventCategory": "Administrative", "entity": RESOURCE_ID,
                                                                                         "hierarchy": TENANT, "eventProperties": {}}}


def local(value):
    return {"value": value, "localizedValue": value}


def activity_rest(n):
    return {"authorization": {"action": "Microsoft.Web/sites/restart/action", "role": "Owner", "scope": RESOURCE_ID.lower()}, "caller": "ada@contoso.example",
            "channels": "Operation", "claims": CLAIMS, "correlationId": guid(n, "88888888"), "description": "", "eventDataId": guid(n),
            "eventName": local("BeginRequest"), "category": local("Administrative"), "httpRequest": {"clientRequestId": guid(n, "12121212"),
                                                                                                 "clientIpAddress": "198.51.100.7", "method": "POST"},
            "id": f"{RESOURCE_ID.lower()}/events/{guid(n)}/ticks/6380", "level": "Informational", "resourceGroupName": "rg1",
            "resourceProviderName": local("Microsoft.Web"), "resourceId": RESOURCE_ID.lower(), "operationId": guid(n, "88888888"),
            "operationName": local("Microsoft.Web/sites/restart/action"), "status": local("Started"), "subStatus": local(""), "eventTimestamp": moment(n),
            "submissionTimestamp": moment(n + 30), "subscriptionId": SUBSCRIPTION, "tenantId": TENANT}


def activity_table(n):
    return {"TenantId": guid(1, "aaaaaaaa"), "TimeGenerated": moment(n), "Type": "AzureActivity", "OperationName": "Restart Web App",
            "OperationNameValue": "MICROSOFT.WEB/SITES/RESTART/ACTION", "Level": "Informational", "ActivityStatus": "", "ActivityStatusValue": "Start",
            "ResourceGroup": "RG1", "SubscriptionId": SUBSCRIPTION, "CorrelationId": guid(n, "88888888"), "Caller": "ada@contoso.example",
            "CallerIpAddress": "198.51.100.7", "Category": "Administrative", "CategoryValue": "Administrative", "ResourceProvider": "",
            "ResourceProviderValue": "MICROSOFT.WEB", "Resource": "SITE1", "EventDataId": guid(n), "_ResourceId": RESOURCE_ID.lower(),
            "ResourceId": RESOURCE_ID, "Properties_d": {}, "Claims_d": CLAIMS, "Authorization_d": {"action": "Microsoft.Web/sites/restart/action"}}


ACTIVITY_FIELDS = {"operationName": "Microsoft.Web/sites/restart/action", "ipAddress": "198.51.100.7", "userPrincipalName": "ada@contoso.example",
                   "OperationNameValue": "Microsoft.Web/sites/restart/action", "properties.message": "Microsoft.Web/sites/restart/action", "category": "Administrative",
                   "CategoryValue": "Administrative", "userId": USER, "appId": APP, "resourceId": RESOURCE_ID, "tenant": TENANT}


def cloudtrail(n):
    return {"eventVersion": "1.11", "userIdentity": {"type": "FederatedUser", "principalId": "AIDAEXAMPLEONE", "arn": "arn:aws:iam::123456789012:user/ada",
                                                    "accountId": "123456789012", "accessKeyId": "AKIAIOSFODNN7EXAMPLE", "userName": "ada"},
            "eventTime": moment(n, "%Y-%m-%dT%H:%M:%SZ"), "eventSource": "glacier.amazonaws.com", "eventName": "DescribeVault", "awsRegion": "eu-north-1",
            "sourceIPAddress": "198.51.100.7", "userAgent": "aws-cli/2.22.1", "requestParameters": {"vaultName": "v1"}, "responseElements": None,
            "requestID": guid(n, "12121212"), "eventID": guid(n), "readOnly": True, "eventType": "AwsApiCall", "managementEvent": True,
            "recipientAccountId": "210987654321", "eventCategory": "Management"}


CLOUDTRAIL_FIELDS = {"userPrincipalName": "ada", "userId": "AIDAEXAMPLEONE", "ipAddress": "198.51.100.7", "userAgent": "aws-cli/2.22.1",
                     "eventName": "DescribeVault", "eventSource": "glacier.amazonaws.com", "awsRegion": "eu-north-1",
                     "src_ip": "198.51.100.7", "tenant": "210987654321"}


def gcp(n):
    return {"insertId": f"ins{n:08d}", "logName": "projects/example-project/logs/cloudaudit.googleapis.com%2Factivity", "timestamp": moment(n),
            "receiveTimestamp": moment(n + 1), "severity": "NOTICE", "resource": {"type": "project", "labels": {"project_id": "example-project"}},
            "protoPayload": {"@type": "type.googleapis.com/google.cloud.audit.AuditLog", "serviceName": "run.googleapis.com",
                             "methodName": "google.cloud.run.v1.Services.GetService", "resourceName": "projects/example-project/services/one",
                             "status": {"code": 7, "message": "Denied"},
                             "authenticationInfo": {"principalEmail": "ada@contoso.example", "principalSubject": "user:ada@contoso.example"},
                             "authorizationInfo": [{"permission": "run.services.get", "granted": False, "resource": "projects/example-project"}],
                             "requestMetadata": {"callerIp": "198.51.100.7", "callerSuppliedUserAgent": "gcloud/500.0.0"}, "request": {}}}


GCP_FIELDS = {"userPrincipalName": "ada@contoso.example", "ipAddress": "198.51.100.7", "userAgent": "gcloud/500.0.0", "userId": "user:ada@contoso.example",
              "operationName": "google.cloud.run.v1.Services.GetService", "resultType": "7", "resultDescription": "Denied", "gcp.audit.method_name":
              "google.cloud.run.v1.Services.GetService", "data.protoPayload.methodName": "google.cloud.run.v1.Services.GetService", "data.protoPayload.logName":
              "cloudaudit.googleapis.com%2Factivity", "data.protoPayload.resource.type": "project", "tenant": "example-project"}
WORKSPACE_FIELDS = {"userPrincipalName": "ada@contoso.example", "ipAddress": "198.51.100.7", "eventName": "OTHER", "setting_name": "OTHER_SETTING",
                    "old_value": "before", "new_value": "after", "user_email": "bob@contoso.example", "protoPayload.metadata.event.eventName": "OTHER"}
REPORT_FIELDS = WORKSPACE_FIELDS | {"userId": "1077", "operationName": "OTHER", "tenant": "C0123"}
PARAMETERS = {"ORG_UNIT_NAME": "Root", "SETTING_NAME": "OTHER_SETTING", "OLD_VALUE": "before", "NEW_VALUE": "after", "USER_EMAIL": "bob@contoso.example"}


def pushed(record):
    """A Pub/Sub push: the entry in base64."""
    return {"message": {"data": base64.b64encode(json.dumps(record).encode()).decode(), "messageId": "1" + record["insertId"][3:],
                        "publishTime": record["receiveTimestamp"]}, "subscription": "projects/example-project/subscriptions/siem"}


def workspace(service):
    def make(n):
        entry = gcp(n)
        entry["logName"] = f"organizations/123/logs/cloudaudit.googleapis.com%2F{'activity' if service == 'admin' else 'data_access'}"
        entry["resource"] = {"type": "audited_resource", "labels": {"service": service + ".googleapis.com", "method": "google.x.AdminService.other"}}
        entry["protoPayload"].update(serviceName=service + ".googleapis.com", methodName=f"google.{service}.Service.other", metadata={
            "@type": "type.googleapis.com/ccc_hosted_reporting.ActivityProto", "activityId": {"timeUsec": "1", "uniqQualifier": str(n)},
            "event": [{"eventName": "OTHER", "eventType": "X_SETTINGS", "parameter": [
                {"label": "LABEL_OPTIONAL", "name": k, "type": "TYPE_STRING", "value": v} for k, v in PARAMETERS.items()]}]})
        return entry
    return make


def report(application):
    def make(n):
        return {"kind": "admin#reports#activity", "id": {"time": moment(n), "uniqueQualifier": str(10 ** 6 + n), "applicationName": application, "customerId": "C0123"},
                "etag": f"e{n}", "actor": {"callerType": "USER", "email": "ada@contoso.example", "profileId": "1077"}, "ipAddress": "198.51.100.7",
                "events": [{"type": "X_SETTINGS", "name": "OTHER", "parameters": [{"name": k, "value": v} for k, v in PARAMETERS.items()]}]}
    return make


def m365(workload, operation, record_type, **more):
    def make(n):
        return {"CreationTime": moment(n, "%Y-%m-%dT%H:%M:%S"), "Id": guid(n), "Operation": operation, "OrganizationId": TENANT, "RecordType": record_type,
                "ResultStatus": "Failed", "UserKey": "10032001", "UserType": 0, "Version": 1, "Workload": workload, "ObjectId": "Unknown",
                "UserId": "ada@contoso.example", "ClientIP": "198.51.100.7", **copy.deepcopy(more)}
    return make


M365_FIELDS = {"userPrincipalName": "ada@contoso.example", "ipAddress": "198.51.100.7", "userId": "10032001", "status": "failure", "tenant": TENANT}


def okta(n):
    return {"actor": {"id": "00u1", "type": "User", "alternateId": "ada@contoso.example", "displayName": "Ada Example", "detailEntry": None},
            "client": {"userAgent": {"rawUserAgent": AGENT, "os": "Linux", "browser": "FIREFOX"}, "zone": "null", "device": "Computer", "id": None,
                       "ipAddress": "198.51.100.7", "geographicalContext": {"city": "Uppsala", "state": "Uppsala", "country": "Sweden", "postalCode": "75001",
                                                                           "geolocation": {"lat": 59.858, "lon": 17.639}}},
            "device": None, "authenticationContext": {"authenticationStep": 0, "externalSessionId": "102"}, "displayMessage": "Nothing special",
            "eventType": "app.oauth2.token.grant", "outcome": {"result": "SKIPPED", "reason": "Not needed"}, "published": moment(n),
            "securityContext": {"asNumber": 64500, "asOrg": "example", "isp": "example", "domain": None, "isProxy": False}, "severity": "INFO",
            "debugContext": {"debugData": {"requestId": "r1", "requestUri": "/oauth2/v1/token", "url": "/oauth2/v1/token?"}}, "legacyEventType": "core.other",
            "transaction": {"type": "WEB", "id": "t1", "detail": {}}, "uuid": guid(n), "version": "0", "request": {"ipChain": []},
            "target": [{"id": "0oa1", "type": "AppInstance", "alternateId": "Portal", "displayName": "Portal", "detailEntry": None}]}


OKTA_FIELDS = {"userPrincipalName": "ada@contoso.example", "ipAddress": "198.51.100.7", "userAgent": AGENT, "location.city": "Uppsala",
               "autonomousSystemNumber": "64500", "userId": "00u1", "userDisplayName": "Ada Example", "deviceDetail.operatingSystem": "Linux", "deviceDetail.browser": "FIREFOX",
               "location.countryOrRegion": "Sweden", "location.geoCoordinates.latitude": "59.858", "location.geoCoordinates.longitude": "17.639",
               "appDisplayName": "Portal", "operationName": "app.oauth2.token.grant", "resultType": "SKIPPED", "resultDescription": "Not needed"}


def onelogin(n):
    return {"id": 10 ** 6 + n, "created_at": moment(n), "account_id": 71, "user_id": 81, "event_type_id": 999, "notes": None, "ipaddr": "198.51.100.7",
            "actor_user_id": 91, "actor_user_name": "Bob Actor", "assuming_acting_user_id": None, "role_id": None, "app_id": 61, "group_id": None,
            "otp_device_id": None, "policy_id": None, "actor_system": "", "custom_message": None, "role_name": None, "app_name": "Contoso Portal",
            "group_name": None, "otp_device_name": None, "policy_name": None, "user_name": "Ada Example"}


def onelogin_hook(n):
    return dict(onelogin(n), event_timestamp=moment(n, "%Y-%m-%d %H:%M:%S UTC"), uuid=guid(n), login_name="Ada Example", create={"_id": guid(n)})


def duo(n):
    at = START + timedelta(seconds=n)
    return {"txid": guid(n), "timestamp": int(at.timestamp()), "isotimestamp": at.isoformat(), "event_type": "enrollment", "reason": "user_approved", "result": "success",
            "factor": "duo_push", "user": {"name": "ada@contoso.example", "key": "DU1", "groups": []}, "application": {"name": "VPN", "key": "DI1"},
            "access_device": {"ip": "198.51.100.7", "hostname": None, "browser": "Firefox", "os": "Linux", "location": {"city": "Uppsala", "country": "Sweden", "state": "Uppsala"}},
            "auth_device": {"name": "phone", "ip": "203.0.113.9"}, "email": "ada@contoso.example", "alias": ""}


def github(n):
    stamp = int((START + timedelta(seconds=n)).timestamp() * 1000)
    return {"@timestamp": stamp, "created_at": stamp, "_document_id": f"doc{n:08d}", "action": "git.clone", "actor": "ada", "actor_id": 71, "actor_ip": "198.51.100.7",
            "actor_location": {"country_code": "SE"}, "business": "contoso", "org": "contoso-org", "repo": "contoso-org/one", "user_agent": "git/2.47",
            "operation_type": "access"}


def bitbucket(n):
    return {"timestamp": moment(n), "author": {"id": "2", "name": "Ada Example", "type": "NORMAL", "uri": "http://bitbucket.example/users/ada"},
            "auditType": {"action": "Project created", "actionI18nKey": "bitbucket.service.project.audit.action.created", "category": "Other", "area": "SECURITY",
                          "categoryI18nKey": "bitbucket.service.audit.category.other", "level": "BASE"},
            "affectedObjects": [{"id": "5", "name": "ONE", "type": "PROJECT"}], "changedValues": [], "extraAttributes": [], "source": "198.51.100.7",
            "node": "n1", "system": "http://bitbucket.example", "method": "Browser", "id": n}


def kubernetes(n):
    return {"kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse", "auditID": guid(n), "stage": "ResponseComplete",
            "requestURI": "/api/v1/namespaces/one/services", "verb": "get", "user": {"username": "ada@contoso.example", "uid": "u1", "groups": ["system:authenticated"]},
            "sourceIPs": ["198.51.100.7"], "userAgent": "kubectl/v1.32.0", "objectRef": {"resource": "services", "namespace": "one", "name": "web", "apiVersion": "v1", "apiGroup": "example.io"},
            "requestObject": {"spec": {"volumes": [{"hostPath": {"path": "/srv/one"}}], "containers": [{"securityContext": {"capabilities": {"add": ["CHOWN"]}}}]}},
            "responseStatus": {"metadata": {}, "code": 200}, "requestReceivedTimestamp": moment(n), "stageTimestamp": moment(n), "annotations": {}}


def guardduty(n):
    return {"schemaVersion": "2.0", "accountId": "123456789012", "region": "eu-north-1", "partition": "aws", "id": f"{n:032x}",
            "arn": f"arn:aws:guardduty:eu-north-1:123456789012:detector/d1/finding/{n:032x}", "type": "UnauthorizedAccess:IAMUser/MaliciousIPCaller.Custom",
            "resource": {"resourceType": "AccessKey", "accessKeyDetails": {"accessKeyId": "AKIAIOSFODNN7EXAMPLE", "principalId": "AIDAEXAMPLEONE",
                                                                         "userType": "IAMUser", "userName": "ada"}},
            "service": {"serviceName": "guardduty", "detectorId": "d1", "archived": False, "count": 3, "eventFirstSeen": moment(n - 20), "eventLastSeen": moment(n),
                        "additionalInfo": {"sample": True}, "action": {"actionType": "AWS_API_CALL", "awsApiCallAction": {
                            "api": "ListUsers", "serviceName": "iam.amazonaws.com", "callerType": "Remote IP", "remoteIpDetails": {
                                "ipAddressV4": "198.51.100.7", "city": {"cityName": "Uppsala"}, "country": {"countryName": "Sweden"},
                                "organization": {"asn": "64500"}}}}},
            "severity": 5, "createdAt": moment(n - 10), "updatedAt": moment(n), "title": "API called from a listed address", "description": "Text."}


GUARDDUTY_FIELDS = {"type": "UnauthorizedAccess:IAMUser/MaliciousIPCaller.Custom", "accountId": "123456789012", "region": "eu-north-1", "severity": "5",
                    "resource.accessKeyDetails.userName": "ada", "resource.accessKeyDetails.accessKeyId": "AKIAIOSFODNN7EXAMPLE", "service.count": "3",
                    "service.archived": "false", "ipAddress": "198.51.100.7", "userPrincipalName": "ada", "tenant": "123456789012"}


def storage(n):
    return {"time": moment(n), "resourceId": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg1/providers/Microsoft.Storage/storageAccounts/one/blobServices/default",
            "category": "StorageRead", "operationName": "GetBlob", "operationVersion": "2024-08-04", "schemaVersion": "1.0", "statusCode": 403,
            "statusText": "AuthorizationFailure", "durationMs": 12, "callerIpAddress": "198.51.100.7:62289", "correlationId": guid(n, "88888888"),
            "identity": {"type": "OAuth", "tokenHash": "AB12", "requester": {"objectId": USER, "appId": APP, "tenantId": TENANT, "upn": "ada@contoso.example"}},
            "location": "northeurope", "uri": "https://one.blob.core.windows.net:443/c/x", "protocol": "HTTPS", "resourceType": "Microsoft.Storage/storageAccounts/blobServices",
            "properties": {"accountName": "one", "userAgentHeader": "AzCopy/10.27", "objectKey": "/one/c/x", "metricResponseType": "ClientOtherError", "tlsVersion": "TLS 1.3"}}


STORAGE_FIELDS = {"operationName": "GetBlob", "ipAddress": "198.51.100.7", "userPrincipalName": "ada@contoso.example", "userId": USER, "userAgent": "AzCopy/10.27",
                  "resultType": "403", "resultDescription": "AuthorizationFailure", "authenticationType": "OAuth", "identity.type": "OAuth", "appId": APP,
                  "identity.requester.objectId": USER, "identity.requester.upn": "ada@contoso.example", "identity.requester.appId": APP, "properties.accountName": "one",
                  "properties.objectKey": "/one/c/x", "properties.userAgentHeader": "AzCopy/10.27", "category": "StorageRead", "tenant": TENANT}


class Shape:
    """make(n): the record; wrap: what is delivered; source: the log source its rules name; fields: what must be read of make(n)."""

    def __init__(self, source, make, wrap=None, fields=None, rules=True):
        self.source, self.make, self.wrap, self.fields, self.rules = source, make, wrap or (lambda r: r), fields or {}, rules

    @staticmethod
    def own_id(record):
        """What a record is known by, where providers write it."""
        names = ("eventID", "uuid", "insertId", "uniqueQualifier", "txid", "_document_id", "auditID", "eventDataId", "EventDataId", "id", "Id", "properties.id",
                 "correlationId", "CorrelationId")
        places = [record, record.get("properties"), record.get("id"), record.get("azure", {}).get("signinlogs", {}).get("properties")]
        found = [at[n] for n in names for at in places if isinstance(at, dict) and isinstance(at.get(n), (str, int))]
        return str(found[0])


def eventbridge(record, kind):
    return {"version": "0", "id": record.get("eventID") or record.get("uuid"), "detail-type": kind, "source": "aws.glacier", "account": "123456789012",
            "time": record.get("eventTime") or record.get("published"), "region": "eu-north-1", "resources": [], "detail": record}


ONELOGIN_FIELDS = {"ipAddress": "198.51.100.7", "userPrincipalName": "Ada Example", "userId": "81", "appDisplayName": "Contoso Portal", "appId": "61",
                   "operationName": "999", "tenant": "71"}
DUO_FIELDS = {"userPrincipalName": "ada@contoso.example", "ipAddress": "198.51.100.7", "userId": "DU1", "location.countryOrRegion": "Sweden",
              "location.city": "Uppsala", "deviceDetail.operatingSystem": "Linux", "deviceDetail.browser": "Firefox", "appDisplayName": "VPN", "appId": "DI1",
              "operationName": "enrollment", "resultType": "success", "resultDescription": "user_approved"}
GITHUB_FIELDS = {"ipAddress": "198.51.100.7", "userPrincipalName": "ada", "userId": "71", "location.countryOrRegion": "SE", "userAgent": "git/2.47",
                 "operationName": "git.clone", "tenant": "contoso"}
KUBERNETES_FIELDS = {"ipAddress": "198.51.100.7", "userPrincipalName": "ada@contoso.example", "userAgent": "kubectl/v1.32.0", "userId": "u1", "operationName": "get",
                     "resultType": "200", "apiGroup": "example.io", "hostPath": "/srv/one", "capabilities": "CHOWN"}


def storage_table(n):
    return {"TenantId": guid(1, "aaaaaaaa"), "TimeGenerated": moment(n), "Type": "StorageBlobLogs", "Category": "StorageRead", "OperationName": "GetBlob", "StatusCode": "403",
            "StatusText": "AuthorizationFailure", "CallerIpAddress": "198.51.100.7:62289", "CorrelationId": guid(n, "88888888"), "AuthenticationType": "OAuth",
            "RequesterObjectId": USER, "RequesterAppId": APP, "RequesterTenantId": TENANT, "RequesterUpn": "ada@contoso.example", "AccountName": "one",
            "ObjectKey": "/one/c/x", "Uri": "https://one.blob.core.windows.net:443/c/x", "UserAgentHeader": "AzCopy/10.27", "OperationCount": 0}


def of_tenant(record):
    """Who collects from Graph has to say whose it is."""
    return {**record, "tenantId": TENANT}


def in_text(record):
    return json.dumps(record)


def log_events(record):
    """CloudWatch Logs: what a subscription delivers."""
    return {"messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "trail", "logStream": "s", "subscriptionFilters": ["f"],
            "logEvents": [{"id": "1", "timestamp": 1772438400000, "message": in_text(record)}]}


def looked_up(record):
    """One event of the answer of aws cloudtrail lookup-events."""
    return {"EventId": record["eventID"], "EventName": record["eventName"], "ReadOnly": "true", "AccessKeyId": record["userIdentity"]["accessKeyId"],
            "EventTime": record["eventTime"], "EventSource": record["eventSource"], "Username": "ada", "Resources": [], "CloudTrailEvent": in_text(record)}


def pulled(record):
    """The answer of a Pub/Sub pull."""
    return {"receivedMessages": [{"ackId": "a1", "message": pushed(record)["message"]}]}


AAD, S = "azure", Shape
DIAGNOSTIC = SIGN_IN_FIELDS | ENVELOPE_FIELDS
CLOUDTRAIL = ("aws", "cloudtrail")
SHAPES = {
    "signin-diagnostic": S((AAD, "signinlogs"), sign_in_diagnostic, fields=DIAGNOSTIC),
    "signin-noninteractive": S((AAD, "signinlogs"), sign_in_of("NonInteractiveUserSignInLogs"), fields=DIAGNOSTIC | {"category": "NonInteractiveUserSignInLogs"}, rules=False),
    "signin-serviceprincipal": S((AAD, "signinlogs"), sign_in_of("ServicePrincipalSignInLogs", userPrincipalName=None, userId=None, servicePrincipalId=USER),
                                 fields={"category": "ServicePrincipalSignInLogs", "servicePrincipalId": USER, "resultType": "50074"}, rules=False),
    "signin-managedidentity": S((AAD, "signinlogs"), sign_in_of("ManagedIdentitySignInLogs", userPrincipalName=None, userId=None, servicePrincipalId=USER),
                                fields={"category": "ManagedIdentitySignInLogs", "servicePrincipalId": USER, "resultType": "50074"}, rules=False),
    "signin-adfs": S((AAD, "signinlogs"), sign_in_of("ADFSSignInLogs"), fields=DIAGNOSTIC | {"category": "ADFSSignInLogs"}, rules=False),
    "signin-flat": S((AAD, "signinlogs"), sign_in_flat, fields={k: v for k, v in SIGN_IN_FIELDS.items() if k != "Status"}
                     | {"resultDescription": "Other text.", "Status": "Failure"}, rules=False),
    "signin-graph": S((AAD, "signinlogs"), sign_in, of_tenant, SIGN_IN_FIELDS | {"resultDescription": "Other.", "tenant": TENANT}),
    "signin-loganalytics": S((AAD, "signinlogs"), sign_in_table, fields=SIGN_IN_FIELDS | {"resultDescription": "Other text.", "tenant": TENANT}),
    "signin-ecs": S((AAD, "signinlogs"), sign_in_ecs, fields={k: v for k, v in SIGN_IN_FIELDS.items() if k not in ("Status", "properties.message")}
                    | {"resultDescription": "Other text.", "Status": "Failure", "operationName": "Sign-in activity", "tenant": TENANT}, rules=False),
    "signin-dotted": S((AAD, "signinlogs"), sign_in_dotted, fields=DIAGNOSTIC, rules=False),
    "audit-diagnostic": S((AAD, "auditlogs"), audit_diagnostic, fields=AUDIT_FIELDS | {"tenant": TENANT, "tenantId": TENANT}),
    "audit-app-diagnostic": S((AAD, "auditlogs"), audit_by_app, fields={"appId": APP, "appDisplayName": "Provisioner", "servicePrincipalId": USER}, rules=False),
    "audit-graph": S((AAD, "auditlogs"), audit_event, of_tenant, AUDIT_FIELDS | {"operationName": "Set verified publisher", "tenant": TENANT}),
    "audit-loganalytics": S((AAD, "auditlogs"), audit_table, fields=AUDIT_FIELDS | {"tenant": TENANT}),
    "risk-diagnostic": S((AAD, "riskdetection"), lambda n: envelope(n, "UserRiskEvents", "User Risk Detection", risk(n), identity="ada example", location="se"),
                         fields=RISK_FIELDS | {"tenant": TENANT, "tenantId": TENANT, "operationName": "User Risk Detection"}),
    "risk-graph": S((AAD, "riskdetection"), risk, of_tenant, RISK_FIELDS | {"tenant": TENANT}),
    "risk-loganalytics": S((AAD, "riskdetection"), risk_table, fields=RISK_FIELDS | {"tenant": TENANT}),
    "other-diagnostic": S((AAD, "provisioninglogs"), other_diagnostic, fields={
        "resultType": "Success", "resultDescription": "All done", "ipAddress": "198.51.100.7", "location.countryOrRegion": "se", "operationName": "Provisioning activity",
        "tenantId": TENANT, "tenant": TENANT}, rules=False),
    "other-loganalytics": S((AAD, "microsoftgraphactivitylogs"), other_table, fields={"ipAddress": "198.51.100.7", "location.countryOrRegion": "SE", "tenant": TENANT},
                            rules=False),
    "pim-graph": S((AAD, "pim"), pim, fields={"riskEventType": "unknownAlertIncident", "userPrincipalName": "ada@contoso.example", "userId": USER,
                                              "userDisplayName": "Ada Example"}),
    "activity-eventhub": S((AAD, "activitylogs"), activity_hub, fields=ACTIVITY_FIELDS | {"resultType": "Start"}),
    "activity-rest": S((AAD, "activitylogs"), activity_rest, fields=ACTIVITY_FIELDS | {"resultType": "Started", "ResourceProviderValue": "Microsoft.Web"}),
    "activity-loganalytics": S((AAD, "activitylogs"), activity_table, fields=ACTIVITY_FIELDS | {"resultType": "Start", "ResourceProviderValue": "MICROSOFT.WEB"}),
    "cloudtrail-bare": S(CLOUDTRAIL, cloudtrail, fields=CLOUDTRAIL_FIELDS),
    "cloudtrail-records": S(CLOUDTRAIL, cloudtrail, lambda r: {"Records": [r]}, CLOUDTRAIL_FIELDS),
    "cloudtrail-eventbridge": S(CLOUDTRAIL, cloudtrail, lambda r: eventbridge(r, "AWS API Call via CloudTrail"), CLOUDTRAIL_FIELDS),
    "cloudtrail-logevents": S(CLOUDTRAIL, cloudtrail, log_events, CLOUDTRAIL_FIELDS, rules=False),
    "cloudtrail-lookup": S(CLOUDTRAIL, cloudtrail, looked_up, CLOUDTRAIL_FIELDS, rules=False),
    "cloudtrail-lookup-answer": S(CLOUDTRAIL, cloudtrail, lambda r: {"Events": [looked_up(r)]}, CLOUDTRAIL_FIELDS, rules=False),
    "guardduty-finding": S(("aws", "guardduty"), guardduty, fields=GUARDDUTY_FIELDS, rules=False),
    "guardduty-eventbridge": S(("aws", "guardduty"), guardduty, lambda r: eventbridge(r, "GuardDuty Finding"), GUARDDUTY_FIELDS, rules=False),
    "storage-diagnostic": S((AAD, "storage"), storage, fields=STORAGE_FIELDS, rules=False),
    "storage-loganalytics": S((AAD, "storage"), storage_table, fields=STORAGE_FIELDS, rules=False),
    "gcp-logentry": S(("gcp", "gcp.audit"), gcp, fields=GCP_FIELDS),
    "gcp-data": S(("gcp", "gcp.audit"), gcp, lambda r: {"data": r}, GCP_FIELDS),
    "gcp-pubsub": S(("gcp", "gcp.audit"), gcp, pushed, GCP_FIELDS),
    "gcp-pull": S(("gcp", "gcp.audit"), gcp, pulled, GCP_FIELDS, rules=False),
    "gws-admin-logentry": S(("gcp", "google_workspace.admin"), workspace("admin"), fields=WORKSPACE_FIELDS | {"eventService": "admin.googleapis.com",
                                                                                                            "protoPayload.serviceName": "admin.googleapis.com"}),
    "gws-admin-reports": S(("gcp", "google_workspace.admin"), report("admin"), fields=REPORT_FIELDS | {"eventService": "admin.googleapis.com",
                                                                                                     "protoPayload.serviceName": "admin.googleapis.com"}),
    "gws-login-logentry": S(("gcp", "google_workspace.login"), workspace("login"), fields=WORKSPACE_FIELDS | {"eventService": "login.googleapis.com"}),
    "gws-login-reports": S(("gcp", "google_workspace.login"), report("login"), lambda r: {"kind": "admin#reports#activities", "items": [r]},
                           REPORT_FIELDS | {"eventService": "login.googleapis.com"}),
    "m365-audit": S(("m365", "audit"), m365("AzureActiveDirectory", "Other operation.", 15, ApplicationId=APP, ErrorNumber="50199", LogonError="Interrupted", ExtendedProperties=[
        {"Name": "ResultStatusDetail", "Value": "Redirect"}, {"Name": "UserAgent", "Value": AGENT}, {"Name": "RequestType", "Value": "Other:request"}]),
                    fields=M365_FIELDS | {"userAgent": AGENT, "appId": APP, "operationName": "Other operation.", "resultType": "50199", "resultDescription": "Interrupted",
                                          "RequestType": "Other:request", "eventSource": "AzureActiveDirectory"}),
    "m365-exchange": S(("m365", "exchange"), m365("Exchange", "Get-Mailbox", 1), fields=M365_FIELDS),
    "m365-alert": S(("m365", "threat_management"), m365("SecurityComplianceCenter", "AlertTriggered", 40, AlertId=guid(5), Name="Other", Severity="Low", Category="Others",
                                                        Source="Cloud App Security", Status="Active", Data="{}"),
                    fields={"userPrincipalName": "ada@contoso.example", "eventSource": "SecurityComplianceCenter", "eventName": "Other", "status": "failure", "payload": "{}"}),
    "okta-systemlog": S(("okta", "okta"), okta, fields=OKTA_FIELDS),
    "okta-eventbridge": S(("okta", "okta"), okta, lambda r: eventbridge(r, "SystemLog"), OKTA_FIELDS),
    "okta-hook": S(("okta", "okta"), okta, lambda r: {"eventType": "com.okta.event_hook", "eventTypeVersion": "1.0", "cloudEventsVersion": "0.1", "source":
                                                     "https://example.okta.com/api/v1/eventHooks/who1", "eventId": r["uuid"], "eventTime": r["published"],
                                                     "contentType": "application/json", "data": {"events": [r]}}, OKTA_FIELDS),
    "onelogin-webhook": S(("onelogin", "onelogin.events"), onelogin_hook, lambda r: [r], ONELOGIN_FIELDS),
    "onelogin-api": S(("onelogin", "onelogin.events"), onelogin, lambda r: {"status": {"error": False, "code": 200}, "pagination": {}, "data": [r]}, ONELOGIN_FIELDS),
    "duo-authlog": S(("cisco", "duo"), duo, fields=DUO_FIELDS),
    "duo-api": S(("cisco", "duo"), duo, lambda r: {"stat": "OK", "response": {"authlogs": [r], "metadata": {}}}, DUO_FIELDS),
    "github-stream": S(("github", "audit"), github, fields=GITHUB_FIELDS),
    "bitbucket-audit": S(("bitbucket", "audit"), bitbucket, fields={"ipAddress": "198.51.100.7", "userPrincipalName": "Ada Example", "userId": "2",
                                                                    "operationName": "Project created"}),
    "kubernetes-event": S(("kubernetes", "audit"), kubernetes, fields=KUBERNETES_FIELDS),
    "kubernetes-list": S(("kubernetes", "audit"), kubernetes, lambda r: {"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {}, "items": [r]},
                         KUBERNETES_FIELDS),
}
