import { entityReply, listReply } from '../answer.ts';
import { type GraphCall, itemNotFound, me } from '../call.ts';
import {
  type Collection,
  collectionRoutes,
  createItem,
  itemsOf,
  requireItem,
  storeOf,
  toId,
} from '../collection.ts';
import { deltaReply, outlookDeltaOptions, outlookTokens, removedItem } from '../delta.ts';
import { mailPaging } from '../mail/message-type.ts';
import type { EntityType } from '../odata/entity-type.ts';
import { keywordSearch } from '../odata/keyword-search.ts';
import { entityOptions, listOptions } from '../odata/options.ts';
import { GraphError, type GraphObject } from '../reply.ts';
import type { Route } from '../route.ts';

const address = { name: '', address: '' };
const place = { city: '', countryOrRegion: '', postalCode: '', state: '', street: '' };
const instant = '2026-01-01T00:00:00Z';
const searched = ['displayName', 'givenName', 'surname', 'companyName', 'emailAddresses'];

const contactType: EntityType = {
  name: 'contact',
  properties: {
    id: '',
    assistantName: '',
    birthday: instant,
    businessAddress: place,
    businessHomePage: '',
    businessPhones: [''],
    categories: [''],
    changeKey: '',
    children: [''],
    companyName: '',
    createdDateTime: instant,
    department: '',
    displayName: '',
    emailAddresses: [address],
    fileAs: '',
    generation: '',
    givenName: '',
    homeAddress: place,
    homePhones: [''],
    imAddresses: [''],
    initials: '',
    jobTitle: '',
    lastModifiedDateTime: instant,
    manager: '',
    middleName: '',
    mobilePhone: '',
    nickName: '',
    officeLocation: '',
    otherAddress: place,
    parentFolderId: '',
    personalNotes: '',
    profession: '',
    spouseName: '',
    surname: '',
    title: '',
    yomiCompanyName: '',
    yomiGivenName: '',
    yomiSurname: '',
  },
  always: ['id'],
  paging: mailPaging,
  search: keywordSearch({
    '': searched,
    ...Object.fromEntries(searched.map((name) => [name, [name]])),
  }),
};

const folderType: EntityType = {
  name: 'contactFolder',
  properties: { id: '', displayName: '', parentFolderId: '' },
  always: ['id'],
  paging: mailPaging,
};

const contacts: Collection = {
  path: '/me/contacts',
  set: 'contacts',
  type: contactType,
  reads: ['Contacts.Read', 'Contacts.ReadWrite'],
  writes: ['Contacts.ReadWrite'],
  given: (call) =>
    [
      ['Yuki', 'Yamada', 'yuki.yamada@fabrikam.example', 'Fabrikam'],
      ['Tess', 'Taylor', 'tess.taylor@fabrikam.example', 'Fabrikam'],
      ['Ravi', 'Rao', 'ravi.rao@contoso.example', 'Contoso'],
    ].map(([givenName = '', surname = '', mail = '', companyName = '']) =>
      toContact(call, {
        id: toId(`${me(call).id} contact ${mail}`),
        givenName,
        surname,
        companyName,
        emailAddresses: [{ name: `${givenName} ${surname}`, address: mail }],
      }),
    ),
  create: toContact,
};

function toContact(call: GraphCall, given: GraphObject): GraphObject {
  const { givenName = null, surname = null } = given;
  const displayName = [givenName, surname].filter((name) => name !== null).join(' ');
  const empty = Object.fromEntries(
    Object.entries(contactType.properties).map(([name, value]): [string, unknown] => [name, emptyOf(value)]),
  );
  return {
    ...empty,
    createdDateTime: '2026-02-02T10:00:00Z',
    lastModifiedDateTime: '2026-02-02T10:00:00Z',
    parentFolderId: folderId(call),
    displayName,
    fileAs: displayName,
    ...given,
  };
}

function emptyOf(specimen: unknown): unknown {
  if (Array.isArray(specimen)) return [];
  return typeof specimen === 'object' ? {} : null;
}

const folderId = (call: GraphCall): string => toId(`${me(call).id} contacts`);

/** The folder with all contacts. It is not in the list of contact folders, as in Outlook. */
function requireFolder(call: GraphCall, key: string): GraphObject {
  if (key !== folderId(call) && key.toLowerCase() !== 'contacts') throw itemNotFound();
  return {
    id: folderId(call),
    displayName: 'Contacts',
    parentFolderId: toId(`${me(call).id} msgfolderroot`),
  };
}

const inFolder = '/me/contactFolders/{folder}';
const set = ({ caller }: GraphCall) => `users('${caller.userId}')/contacts`;

/** Contacts, in the folder that every user has. */
export const contactRoutes: readonly Route[] = [
  ...collectionRoutes(contacts),
  {
    method: 'GET',
    path: '/me/contacts/{contact}/photo/$value',
    scopes: contacts.reads,
    handle(call, id = '') {
      requireItem(call, contacts, [], id);
      throw new GraphError(404, 'ErrorItemNotFound', 'The contact has no photo.');
    },
  },
  {
    method: 'GET',
    path: '/me/contactFolders',
    scopes: contacts.reads,
    options: listOptions,
    handle: (call) => listReply(call, { set: 'contactFolders', type: folderType, items: [] }),
  },
  {
    method: 'GET',
    path: inFolder,
    scopes: contacts.reads,
    options: entityOptions,
    handle: (call, key = '') => entityReply(call, 'contactFolders', folderType, requireFolder(call, key)),
  },
  {
    method: 'GET',
    path: `${inFolder}/contacts`,
    scopes: contacts.reads,
    options: listOptions,
    handle(call, key = '') {
      requireFolder(call, key);
      return listReply(call, { set: set(call), type: contactType, items: itemsOf(call, contacts) });
    },
  },
  {
    method: 'POST',
    path: `${inFolder}/contacts`,
    scopes: contacts.writes,
    handle(call, key = '') {
      requireFolder(call, key);
      return entityReply(call, set(call), contactType, createItem(call, contacts, []), 201);
    },
  },
  ...['/me/contacts/delta', `${inFolder}/contacts/delta`].map(
    (path): Route => ({
      method: 'GET',
      path,
      scopes: contacts.reads,
      options: outlookDeltaOptions,
      handle(call, key) {
        const folder = key === undefined ? undefined : requireFolder(call, key);
        return deltaReply(call, outlookTokens, () => ({
          set: set(call),
          type: contactType,
          items: itemsOf(call, contacts),
          // Outlook writes these names in its own letter case.
          linkPath:
            folder === undefined
              ? '/me/contacts/delta'
              : `/me/contactfolders('${encodeURIComponent(String(folder['id']))}')/contacts/delta`,
          changes: storeOf(call, contacts, []),
          removed: removedItem,
        }));
      },
    }),
  ),
];
