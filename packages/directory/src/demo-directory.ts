import { graph, orders } from './demo-apis.ts';
import type { Directory, Group, Registration, Tenant, User } from './directory.ts';

/** Two invented organizations. Change them freely; ids must stay unique. */

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
  description: 'Builds and runs the products',
  team: { mail: 'engineering@contoso.example' },
  partOf: [everyone],
};

const sales: Group = {
  id: '0d9a7f34-6a1b-4c52-8a77-21c3f0b6e103',
  tenantId: contoso.id,
  name: 'Sales',
  description: 'Sells to customers',
  team: { mail: 'sales@contoso.example' },
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

/** Addresses and names with a quote, which OData doubles. */
const siobhan: User = {
  id: '0b41e000-6f2d-4a90-b7c8-5d1e3f9a7b06',
  homeTenantId: contoso.id,
  username: "siobhan.o'brien@contoso.example",
  name: "Siobhán O'Brien",
  givenName: 'Siobhán',
  surname: "O'Brien",
  mail: "siobhan.o'brien@contoso.example",
  jobTitle: 'Sales Representative',
  department: 'Sales',
  officeLocation: 'Building 1, room 1.11',
  mobilePhone: '+353 20 910 0106',
  businessPhones: ['+44 20 7946 0121'],
  preferredLanguage: 'en-IE',
  groups: [everyone, sales],
  managerId: ben.id,
  isTenantAdministrator: false,
  asksForSecondFactor: false,
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

/** The directory of `npm start` and of the tests. */
export const demoDirectory: Directory = {
  tenants: [contoso, fabrikam],
  users: [alice, ben, mia, gus, fay, siobhan],
  resources: [graph, orders],
  registrations: [demoApp, sharedApp],
};

/** The settings with which an app signs in as the demo app. */
export const demoClient = {
  tenantId: contoso.id,
  clientId: demoApp.clientId,
  clientSecret: demoApp.secrets[0] ?? '',
};

/** The users by first name. */
export const demoUsers = { alice, ben, mia, gus, fay, siobhan };
