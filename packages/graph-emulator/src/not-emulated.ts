import type { Segment } from './path.ts';
import { GraphError } from './reply.ts';

/** Names at the start of a path that Graph has, also those that the emulator does not emulate. */
const areas = new Set(
  `admin agreementAcceptances agreements applications appCatalogs appRoleAssignments auditLogs certificateBasedAuthConfiguration
  chats communications compliance connections contacts contracts copilot data dataPolicyOperations deviceAppManagement
  deviceManagement devices directory directoryObjects directoryRoles directoryRoleTemplates domainDnsRecords domains drive
  drives education employeeExperience external filterOperators financials functions governance groupLifecyclePolicies groups
  groupSettings groupSettingTemplates identity identityGovernance identityProtection identityProviders informationProtection
  invitations me oauth2PermissionGrants organization permissionGrants places planner policies print privacy
  reports rolemanagement schemaExtensions scopedRoleMemberships search security servicePrincipals shares sites solutions storage
  subscribedSkus subscriptions teams teamsTemplates teamwork tenantRelationships termStore trustFramework users`
    .toLowerCase()
    .split(/\s+/),
);

/** Names below a user that Graph has. */
const ofUser = new Set(
  `activities adhocCalls agreementAcceptances analytics appRoleAssignments appRoleAssignedResources approvals authentication
  calendar calendarGroups calendars calendarView changePassword chats checkMemberGroups checkMemberObjects cloudClipboard
  cloudPCs contactFolders contacts createdObjects dataSecurityAndGovernance deviceManagementTroubleshootingEvents devices
  directReports drive drives employeeExperience events exportPersonalData extensions findMeetingTimes followedSites
  getMailTips getMemberGroups getMemberObjects inferenceClassification insights invitedBy joinedGroups joinedTeams
  licenseDetails mailboxSettings mailFolders managedAppRegistrations managedDevices manager memberOf messages
  notifications oauth2PermissionGrants onenote onlineMeetings onPremisesSyncBehavior outlook ownedDevices ownedObjects people
  permissionGrants photo photos planner presence print profile registeredDevices reminderView removeAllDevicesFromManagement
  reprocessLicenseAssignment restore revokeSignInSessions scopedRoleMemberOf sendMail serviceProvisioningErrors settings
  solutions sponsors teamwork todo transitiveMemberOf transitiveReports translateExchangeIds usageRights`
    .toLowerCase()
    .split(/\s+/),
);

/** Returns the refusal of a path that no route has: 501 if Graph has it, as far as the emulator knows, or else 404. */
export function pathRefusal(method: string, path: string, segments: readonly Segment[]): GraphError {
  const [area = '', second = '', third = ''] = segments.map(({ text }) => text);
  const isUser = /^(?:me|users)$/i.test(area);
  const ofThisUser = /^me$/i.test(area) ? second : third;
  const isKnown =
    areas.has(area.toLowerCase()) && (!isUser || ofThisUser === '' || ofUser.has(ofThisUser.toLowerCase()));
  if (isKnown)
    return new GraphError(501, 'NotImplemented', `The emulator does not emulate ${method} ${path}.`);
  const name = isUser && areas.has(area.toLowerCase()) ? ofThisUser : area;
  return new GraphError(404, 'ResourceNotFound', `Resource not found for the segment '${name}'.`);
}
