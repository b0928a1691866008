/**
 * The directory that both emulators read: plain data about two invented organizations.
 * Change it freely; ids only have to stay unique.
 */

export interface Directory {
  readonly tenants: readonly Tenant[];
  readonly users: readonly User[];
  readonly resources: readonly Resource[];
  readonly registrations: readonly Registration[];
}

export interface Tenant {
  readonly id: string;
  readonly name: string;
  readonly domain: string;
}

interface Group {
  readonly id: string;
  readonly tenantId: string;
  readonly name: string;
  readonly description: string;
  /** Groups that this one is in: its members are theirs too. */
  readonly partOf?: readonly Group[];
}

export interface User {
  /** Object id in the home tenant. The sign-in pages name an account by it. */
  readonly id: string;
  readonly homeTenantId: string;
  readonly username: string;
  readonly name: string;
  readonly givenName: string;
  readonly surname: string;
  readonly mail: string;
  readonly jobTitle: string;
  readonly department: string;
  readonly officeLocation: string;
  readonly mobilePhone: string;
  readonly businessPhones: readonly string[];
  readonly preferredLanguage: string;
  /** Those that they are part of need not be named. */
  readonly groups: readonly Group[];
  /** Object id of the manager; whoever is at the top has none. */
  readonly managerId?: string;
  /** May consent for the whole home tenant. */
  readonly isTenantAdministrator: boolean;
  /** Every sign-in of this user asks for a second factor. */
  readonly asksForSecondFactor: boolean;
  /** Where the user is a guest: a guest has another object id there. */
  readonly guestIn: readonly { readonly tenantId: string; readonly objectId: string }[];
}

/** An API whose permissions (scopes) an app may ask for. */
export interface Resource {
  /** Becomes `aud` in its access tokens. */
  readonly id: string;
  readonly name: string;
  /** What stands before the permission in a fully spelled scope. Microsoft Graph's may be left out. */
  readonly uri: string;
  readonly permissions: readonly Permission[];
}

/** A delegated permission as the consent page shows it. */
export interface Permission {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly administratorMustConsent: boolean;
}

export interface Registration {
  readonly clientId: string;
  readonly displayName: string;
  readonly publisher: { readonly name: string; readonly domain: string; readonly isVerified: boolean };
  /** The tenant that owns the registration. */
  readonly tenantId: string;
  readonly accounts: 'this-tenant' | 'any-tenant';
  readonly secrets: readonly string[];
  /** PEM public keys (SPKI) that sign client assertions, instead of a secret. */
  readonly publicKeysPem: readonly string[];
  /** As in Entra, the port is not compared where the host is `localhost` on plain http. */
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly frontChannelLogoutUrl?: string;
  readonly appRoles: readonly AppRole[];
  readonly roleAssignments: readonly { readonly userId: string; readonly role: string }[];
  /** Claims that Entra puts into an ID token only where the registration lists them. */
  readonly optionalIdTokenClaims: readonly OptionalClaim[];
  /** Permissions that an administrator has already granted for everybody in a tenant. */
  readonly organizationConsents: readonly { readonly tenantId: string; readonly scopes: readonly string[] }[];
}

interface AppRole {
  readonly value: string;
  readonly title: string;
  readonly description: string;
}

type OptionalClaim = 'sid' | 'login_hint' | 'auth_time' | 'acct' | 'acrs' | 'groups';

export const graphResourceId = '00000003-0000-0000-c000-000000000000';

const contoso: Tenant = {
  id: '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01',
  name: 'Contoso',
  domain: 'contoso.example',
};

const fabrikam: Tenant = {
  id: 'c4e2f8a6-91b7-4d3a-8e65-0f7d2b3c4e02',
  name: 'Fabrikam',
  domain: 'fabrikam.example',
};

const everyone: Group = {
  id: '0d9a7f34-6a1b-4c52-8a77-21c3f0b6e101',
  tenantId: contoso.id,
  name: 'All of Contoso',
  description: 'Everyone who works at Contoso',
};

const engineering: Group = {
  id: '0d9a7f34-6a1b-4c52-8a77-21c3f0b6e102',
  tenantId: contoso.id,
  name: 'Engineering',
  description: 'People who build and run the products',
  partOf: [everyone],
};

const sales: Group = {
  id: '0d9a7f34-6a1b-4c52-8a77-21c3f0b6e103',
  tenantId: contoso.id,
  name: 'Sales',
  description: 'People who talk to customers',
  partOf: [everyone],
};

const partners: Group = {
  id: '0d9a7f34-6a1b-4c52-8a77-21c3f0b6e104',
  tenantId: contoso.id,
  name: 'Partners',
  description: 'Guests from other organizations',
};

const alice: User = {
  id: 'a11ce000-52d1-4b6e-9f3a-7c0e4d8b2a01',
  homeTenantId: contoso.id,
  username: 'alice@contoso.example',
  name: 'Alice Adams',
  givenName: 'Alice',
  surname: 'Adams',
  mail: 'alice.adams@contoso.example',
  jobTitle: 'Head of Platform',
  department: 'Engineering',
  officeLocation: 'Building 2, room 2.14',
  mobilePhone: '+44 20 7946 0101',
  businessPhones: ['+44 20 7946 0100'],
  preferredLanguage: 'en-GB',
  groups: [everyone, engineering],
  isTenantAdministrator: true,
  asksForSecondFactor: false,
  guestIn: [],
};

const ben: User = {
  id: 'be000000-8c4f-4e21-a6d9-1f5b3c7e9b02',
  homeTenantId: contoso.id,
  username: 'ben@contoso.example',
  name: 'Ben Brown',
  givenName: 'Ben',
  surname: 'Brown',
  mail: 'ben.brown@contoso.example',
  jobTitle: 'Account Manager',
  department: 'Sales',
  officeLocation: 'Building 1, room 1.07',
  mobilePhone: '+44 20 7946 0102',
  businessPhones: ['+44 20 7946 0120'],
  preferredLanguage: 'en-GB',
  groups: [everyone, sales],
  managerId: alice.id,
  isTenantAdministrator: false,
  asksForSecondFactor: false,
  guestIn: [],
};

const mia: User = {
  id: '51a00000-e7b3-4d95-8c12-6a4f0d9e3c03',
  homeTenantId: contoso.id,
  username: 'mia@contoso.example',
  name: 'Mia Moreau',
  givenName: 'Mia',
  surname: 'Moreau',
  mail: 'mia.moreau@contoso.example',
  jobTitle: 'Site Reliability Engineer',
  department: 'Engineering',
  officeLocation: 'Lyon',
  mobilePhone: '+33 1 99 00 01 03',
  businessPhones: ['+33 1 99 00 01 00'],
  preferredLanguage: 'fr-FR',
  groups: [everyone, engineering],
  isTenantAdministrator: false,
  asksForSecondFactor: true,
  guestIn: [],
};

const gus: User = {
  id: '90500000-1d6a-4f82-b3c7-9e8d5a2f4d04',
  homeTenantId: fabrikam.id,
  username: 'gus@fabrikam.example',
  name: 'Gus Guest',
  givenName: 'Gus',
  surname: 'Guest',
  mail: 'gus@fabrikam.example',
  jobTitle: 'Consultant',
  department: 'Advisory',
  officeLocation: 'Remote',
  mobilePhone: '+1 425 555 0104',
  businessPhones: [],
  preferredLanguage: 'en-US',
  groups: [partners],
  isTenantAdministrator: false,
  asksForSecondFactor: false,
  guestIn: [{ tenantId: contoso.id, objectId: '90500000-2c9b-4a17-8f60-3b1e7d5c6d14' }],
};

const fay: User = {
  id: 'fa700000-4b8e-4c36-95d1-2a7f6e0b8e05',
  homeTenantId: fabrikam.id,
  username: 'fay@fabrikam.example',
  name: 'Fay Fischer',
  givenName: 'Fay',
  surname: 'Fischer',
  mail: 'fay.fischer@fabrikam.example',
  jobTitle: 'Purchasing Lead',
  department: 'Operations',
  officeLocation: 'Hamburg',
  mobilePhone: '+49 30 23125 105',
  businessPhones: ['+49 30 23125 100'],
  preferredLanguage: 'de-DE',
  groups: [],
  isTenantAdministrator: true,
  asksForSecondFactor: false,
  guestIn: [],
};

function permission(name: string, title: string, description: string): Permission {
  return {
    name,
    title,
    description,
    administratorMustConsent: false,
  };
}

function administratorPermission(name: string, title: string, description: string): Permission {
  return {
    ...permission(name, title, description),
    administratorMustConsent: true,
  };
}

const graph: Resource = {
  id: graphResourceId,
  name: 'Microsoft Graph',
  uri: 'https://graph.microsoft.com',
  permissions: [
    permission('openid', 'Sign you in', 'The app learns who you are when you sign in.'),
    permission('profile', 'View your basic profile', 'The app sees your name and user name.'),
    permission('email', 'View your email address', 'The app sees your primary email address.'),
    permission(
      'offline_access',
      'Maintain access to data you have given it access to',
      'The app keeps the access you give it while you are not using it. It gains no further permission by this.',
    ),
    permission(
      'User.Read',
      'Sign you in and read your profile',
      'The app reads your profile, your groups and basic information about your organization.',
    ),
    permission(
      'User.ReadBasic.All',
      "Read all users' basic profiles",
      'The app reads the name, email address and photo of other people in your organization.',
    ),
    permission(
      'Mail.ReadBasic',
      'Read the basics of your mail',
      'The app reads the email in your mailbox, except its text and attachments.',
    ),
    permission('Mail.Read', 'Read your mail', 'The app reads the email in your mailbox.'),
    permission(
      'Mail.ReadWrite',
      'Read and write your mail',
      'The app reads, creates, changes and deletes email in your mailbox. It cannot send.',
    ),
    permission('Mail.Send', 'Send mail as you', 'The app sends email in your name.'),
    permission('Calendars.Read', 'Read your calendars', 'The app reads the events in your calendars.'),
    permission(
      'Calendars.ReadWrite',
      'Full access to your calendars',
      'The app reads, creates, changes and deletes events in your calendars.',
    ),
    permission('Contacts.Read', 'Read your contacts', 'The app reads the contacts in your folders.'),
    permission(
      'Contacts.ReadWrite',
      'Full access to your contacts',
      'The app reads, creates, changes and deletes contacts in your folders.',
    ),
    permission('Files.Read', 'Read your files', 'The app reads the files you keep.'),
    permission(
      'People.Read',
      'Read the list of people who matter to you',
      'The app reads the list of people you write to and work with, from your organization and your contacts.',
    ),
    permission(
      'Tasks.Read',
      'Read your tasks and task lists',
      'The app reads your to-do lists, including those shared with you.',
    ),
    permission(
      'Tasks.ReadWrite',
      'Create, read, change and delete your tasks and task lists',
      'The app works on your to-do lists, including those shared with you.',
    ),
    permission('Files.ReadWrite', 'Read and change your files', 'The app reads, changes and adds files.'),
    administratorPermission(
      'User.Read.All',
      "Read all users' full profiles",
      'The app reads the full profile, reports and manager of everybody in your organization.',
    ),
    administratorPermission(
      'Group.ReadBasic.All',
      'Read the basics of all groups',
      'The app lists groups and reads their basic properties.',
    ),
    administratorPermission(
      'GroupMember.ReadBasic.All',
      'Read the basics of group memberships',
      'The app reads who is in a group, as far as you may.',
    ),
    administratorPermission(
      'GroupMember.Read.All',
      'Read group memberships',
      'The app lists groups, their properties and their members.',
    ),
    administratorPermission(
      'User.RevokeSessions.All',
      'End the sign-ins of all users',
      'The app makes people sign in again everywhere, as far as you may.',
    ),
    administratorPermission(
      'DelegatedPermissionGrant.ReadWrite.All',
      'Manage all permissions given to apps',
      'The app sees which permissions people and the organization have given to apps, and changes them.',
    ),
    administratorPermission(
      'Directory.Read.All',
      'Read directory data',
      'The app reads the data in your organization’s directory, such as users, groups and apps.',
    ),
  ],
};

const orders: Resource = {
  id: '5e0b7c1d-2f4a-4d8e-9b63-8c1a5f7e2d10',
  name: 'Contoso Orders',
  uri: 'api://contoso-orders',
  permissions: [
    permission('Orders.Read', 'Read your orders', 'The app reads the orders you have placed.'),
    permission('Orders.Write', 'Order for you', 'The app places orders in your name.'),
  ],
};

const demoApp: Registration = {
  clientId: 'd3300000-0a5c-4e7b-8d21-6f9e3b1c7a20',
  displayName: 'Demo app',
  publisher: { name: 'Contoso', domain: contoso.domain, isVerified: true },
  tenantId: contoso.id,
  accounts: 'this-tenant',
  secrets: ['demo-secret~only~for~the~emulator'],
  publicKeysPem: [],
  redirectUris: ['http://localhost/api/auth/callback'],
  postLogoutRedirectUris: ['http://localhost/'],
  frontChannelLogoutUrl: 'http://localhost/api/auth/front-channel-logout',
  appRoles: [
    {
      value: 'Admin',
      title: 'Administrators',
      description: 'May open the admin page. Granted by an owner of the app in the directory.',
    },
  ],
  roleAssignments: [{ userId: alice.id, role: 'Admin' }],
  optionalIdTokenClaims: ['sid', 'login_hint', 'auth_time', 'acrs', 'acct', 'groups'],
  organizationConsents: [],
};

const sharedApp: Registration = {
  ...demoApp,
  clientId: 'd3300000-0a5c-4e7b-8d21-6f9e3b1c7a21',
  displayName: 'Demo app for several organizations',
  publisher: { name: 'Contoso', domain: contoso.domain, isVerified: false },
  accounts: 'any-tenant',
  secrets: ['shared-demo-secret~only~for~the~emulator'],
};

export const demoDirectory = {
  tenants: [contoso, fabrikam],
  users: [alice, ben, mia, gus, fay],
  resources: [graph, orders],
  registrations: [demoApp, sharedApp],
};

/** What an app sets to sign in as the demo app at the emulator. */
export const demoClient = {
  tenantId: contoso.id,
  clientId: demoApp.clientId,
  clientSecret: demoApp.secrets[0] ?? '',
};

/** The people by first name, for tests and for the list that a developer is shown. */
export const demoUsers = { alice, ben, mia, gus, fay };

/** The user's object id in that tenant, or undefined where the user is neither member nor guest. */
export function objectIdIn(user: User, tenantId: string): string | undefined {
  return user.homeTenantId === tenantId
    ? user.id
    : user.guestIn.find((guest) => guest.tenantId === tenantId)?.objectId;
}

/** May consent for everybody there, and holds the directory role that Graph asks of administrators. */
export function isAdministratorOf(user: User, tenantId: string): boolean {
  return user.isTenantAdministrator && user.homeTenantId === tenantId;
}

/** The groups of a tenant that the user is in, nested ones included. */
export function groupsOf(user: User, tenantId: string): Group[] {
  const found = new Set<Group>();
  const add = (group: Group): void => {
    if (found.has(group)) return;
    found.add(group);
    group.partOf?.forEach(add);
  };
  user.groups.filter((group) => group.tenantId === tenantId).forEach(add);
  return [...found];
}

/** The user that an access token's `tid` and `oid` name. */
export function findUserByObjectId(from: Directory, tenantId: string, objectId: string): User | undefined {
  return from.users.find((user) => objectIdIn(user, tenantId) === objectId);
}
