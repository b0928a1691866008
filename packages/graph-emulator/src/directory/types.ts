import { directorySearch } from '../odata/directory-search.ts';
import type { EntityType, Navigation } from '../odata/entity-type.ts';
import type { GraphObject } from '../reply.ts';
import { checkDirectoryQuery } from './directory-query.ts';
import { fullProfiles, membersRead } from './permissions.ts';

const paging = { defaultSize: 100, maxSize: 999, by: '$skiptoken' } as const;

const userProperties = {
  id: '',
  accountEnabled: true,
  assignedLicenses: [{ skuId: '' }],
  businessPhones: [''],
  city: '',
  companyName: '',
  country: '',
  createdDateTime: '2026-01-01T00:00:00Z',
  creationType: '',
  department: '',
  displayName: '',
  employeeId: '',
  externalUserState: '',
  faxNumber: '',
  givenName: '',
  imAddresses: [''],
  jobTitle: '',
  mail: '',
  mailNickname: '',
  mobilePhone: '',
  officeLocation: '',
  onPremisesSyncEnabled: true,
  otherMails: [''],
  postalCode: '',
  preferredLanguage: '',
  proxyAddresses: [''],
  state: '',
  streetAddress: '',
  surname: '',
  usageLocation: '',
  userPrincipalName: '',
  userType: '',
};

const groupProperties = {
  id: '',
  createdDateTime: '2026-01-01T00:00:00Z',
  description: '',
  displayName: '',
  groupTypes: [''],
  mail: '',
  mailEnabled: true,
  mailNickname: '',
  proxyAddresses: [''],
  securityEnabled: true,
  visibility: '',
};

/** The properties of a user that Graph returns without `$select`. */
const defaultUserFields = [
  'businessPhones',
  'displayName',
  'givenName',
  'jobTitle',
  'mail',
  'mobilePhone',
  'officeLocation',
  'preferredLanguage',
  'surname',
  'userPrincipalName',
  'id',
];

/** Reads what belongs to a user or a group. Only a running emulator knows it. */
export interface Relations {
  managerOf(userId: string): GraphObject | undefined;
  directReportsOf(userId: string): readonly GraphObject[];
  membershipsOf(userId: string): readonly GraphObject[];
  membersOf(groupId: string): readonly GraphObject[];
}

/** The types of the directory. */
export interface DirectoryTypes {
  readonly user: EntityType;
  readonly group: EntityType;
  /** Users, groups and roles in one list. */
  readonly directoryObject: EntityType;
}

export function directoryTypes(relations: Relations): DirectoryTypes {
  const common = { paging, check: checkDirectoryQuery, countsWhenEventual: true } as const;
  const idOf = (owner: GraphObject) => String(owner['id']);
  const relation = (
    type: () => EntityType,
    read: (id: string) => ReturnType<Navigation['read']>,
    scopes: readonly string[],
  ): Navigation => ({
    type,
    read: (owner) => read(idOf(owner)),
    scopes,
  });
  const types: DirectoryTypes = {
    user: {
      ...common,
      name: 'user',
      properties: userProperties,
      always: [],
      defaults: defaultUserFields,
      search: directorySearch([
        'displayName',
        'givenName',
        'surname',
        'mail',
        'userPrincipalName',
        'mobilePhone',
      ]),
      navigations: {
        manager: relation(() => types.user, relations.managerOf, fullProfiles),
        directReports: relation(() => types.directoryObject, relations.directReportsOf, fullProfiles),
        memberOf: relation(() => types.directoryObject, relations.membershipsOf, [
          'User.Read',
          ...membersRead,
        ]),
      },
    },
    group: {
      ...common,
      name: 'group',
      properties: groupProperties,
      always: [],
      search: directorySearch(['displayName', 'description', 'mail', 'mailNickname']),
      navigations: { members: relation(() => types.directoryObject, relations.membersOf, membersRead) },
    },
    directoryObject: {
      ...common,
      name: 'directoryObject',
      properties: { ...userProperties, ...groupProperties },
      always: ['@odata.type'],
      defaults: [...defaultUserFields, 'description'],
      search: directorySearch(['displayName', 'description', 'mail']),
    },
  };
  return types;
}
