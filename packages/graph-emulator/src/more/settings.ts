import { entityReply, listReply } from '../answer.ts';
import { type GraphCall, me } from '../call.ts';
import { toId } from '../collection.ts';
import type { EntityType } from '../odata/entity-type.ts';
import { entityOptions, listOptions } from '../odata/options.ts';
import type { GraphObject } from '../reply.ts';
import type { Route } from '../route.ts';

const paging = { defaultSize: 100, maxSize: 999, by: '$skiptoken' } as const;

const settingsType: EntityType = {
  name: 'mailboxSettings',
  properties: {
    archiveFolder: '',
    automaticRepliesSetting: null,
    dateFormat: '',
    delegateMeetingMessageDeliveryOptions: '',
    language: { locale: '', displayName: '' },
    timeFormat: '',
    timeZone: '',
    userPurpose: '',
    workingHours: null,
  },
  always: [],
  paging,
};

const categoryType: EntityType = {
  name: 'outlookCategory',
  properties: { id: '', color: '', displayName: '' },
  always: ['id'],
  paging,
};

const organizationType: EntityType = {
  name: 'organization',
  properties: {
    id: '',
    city: '',
    country: '',
    countryLetterCode: '',
    displayName: '',
    tenantType: '',
    verifiedDomains: [{ capabilities: '', isDefault: true, isInitial: true, name: '', type: '' }],
  },
  always: [],
  paging,
};

/** Settings of the mailbox, categories, and the organization. They can be read only. */
export const settingsRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/me/mailboxSettings',
    scopes: ['MailboxSettings.Read', 'MailboxSettings.ReadWrite'],
    options: entityOptions,
    handle: (call) =>
      entityReply(call, `users('${call.caller.userId}')/mailboxSettings`, settingsType, settingsOf(call)),
  },
  {
    method: 'GET',
    path: '/me/outlook/masterCategories',
    scopes: ['MailboxSettings.Read', 'MailboxSettings.ReadWrite'],
    options: listOptions,
    handle: (call) =>
      listReply(call, {
        set: `users('${call.caller.userId}')/outlook/masterCategories`,
        type: categoryType,
        items: ['Red category', 'Blue category'].map((displayName, at) => ({
          id: toId(`${me(call).id} ${displayName}`).slice(4, 40),
          displayName,
          color: ['preset0', 'preset7'][at],
        })),
      }),
  },
  {
    method: 'GET',
    path: '/organization',
    scopes: ['User.Read', 'Organization.Read.All', 'Directory.Read.All'],
    options: listOptions,
    handle: (call) =>
      listReply(call, { set: 'organization', type: organizationType, items: organizationsOf(call) }),
  },
];

function settingsOf(call: GraphCall): GraphObject {
  const hours = {
    daysOfWeek: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'],
    startTime: '08:00:00.0000000',
    endTime: '17:00:00.0000000',
    timeZone: { name: 'UTC' },
  };
  const { preferredLanguage } = me(call);
  return {
    archiveFolder: toId(`${me(call).id} archive`),
    automaticRepliesSetting: {
      status: 'disabled',
      externalAudience: 'all',
      internalReplyMessage: '',
      externalReplyMessage: '',
    },
    dateFormat: 'yyyy-MM-dd',
    delegateMeetingMessageDeliveryOptions: 'sendToDelegateOnly',
    language: { locale: preferredLanguage, displayName: preferredLanguage },
    timeFormat: 'HH:mm',
    timeZone: 'UTC',
    userPurpose: 'user',
    workingHours: hours,
  };
}

function organizationsOf({ directory, caller }: GraphCall): GraphObject[] {
  return directory.tenants
    .filter(({ id }) => id === caller.tenantId)
    .map(({ id, name, domain }) => ({
      id,
      city: null,
      country: null,
      countryLetterCode: null,
      displayName: name,
      tenantType: 'AAD',
      verifiedDomains: [
        { capabilities: 'Email', isDefault: true, isInitial: true, name: domain, type: 'Managed' },
      ],
    }));
}
