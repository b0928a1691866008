import type { User } from '@entra-bff/directory';
import { listReply } from '../answer.ts';
import { type GraphCall, me, requireUser } from '../call.ts';
import { idOf } from '../directory/user-routes.ts';
import { orNull, toGraphUser, usersIn } from '../directory/users.ts';
import type { EntityType } from '../odata/entity-type.ts';
import { listOptions } from '../odata/options.ts';
import { hasWords } from '../odata/words.ts';
import { GraphError, type GraphObject, type GraphReply } from '../reply.ts';
import type { Route } from '../route.ts';

const personType: EntityType = {
  name: 'person',
  properties: {
    id: '',
    birthday: '',
    companyName: '',
    department: '',
    displayName: '',
    givenName: '',
    imAddress: '',
    isFavorite: true,
    jobTitle: '',
    officeLocation: '',
    personNotes: '',
    personType: { class: '', subclass: '' },
    phones: [{ type: '', number: '' }],
    profession: '',
    scoredEmailAddresses: [{ address: '', relevanceScore: 0, selectionLikelihood: '' }],
    surname: '',
    userPrincipalName: '',
    yomiCompany: '',
  },
  always: [],
  paging: { defaultSize: 10, maxSize: 1000, by: '$skip' },
  search: searchPeople,
};

/** A search of people finds the beginnings of names and addresses. It does not have to be in quotes. */
function searchPeople(text: string): (person: GraphObject) => boolean {
  const searched = text.replace(/^\s*"(.*)"\s*$/s, '$1');
  if (/^topic:/i.test(searched))
    throw new GraphError(501, 'NotImplemented', 'The emulator does not emulate a search of people by topic.');
  return ({ displayName, userPrincipalName, scoredEmailAddresses }) =>
    [displayName, userPrincipalName, JSON.stringify(scoredEmailAddresses)].some((value) =>
      hasWords(String(value), searched),
    );
}

/** People who are relevant to a user: the others in the organization. */
export const peopleRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/me/people',
    scopes: ['People.Read', 'People.Read.All'],
    options: listOptions,
    handle: (call) => peopleOf(call, me(call)),
  },
  {
    method: 'GET',
    path: '/users/{user}/people',
    scopes: ['People.Read.All'],
    options: listOptions,
    handle: (call, key = '') => peopleOf(call, requireUser(call, key)),
  },
];

function peopleOf(call: GraphCall, user: User): GraphReply {
  const items = usersIn(call.directory, call.caller.tenantId)
    .filter(({ id }) => id !== user.id)
    .map((one) => toPerson(call, one));
  return listReply(call, { set: `users('${idOf(call, user)}')/people`, type: personType, items });
}

function toPerson(call: GraphCall, user: User): GraphObject {
  const { userPrincipalName } = toGraphUser(call.directory, user, call.caller);
  const companyName = call.directory.tenants.find(({ id }) => id === user.homeTenantId)?.name ?? null;
  return {
    id: idOf(call, user),
    birthday: '',
    companyName,
    department: orNull(user.department),
    displayName: user.name,
    givenName: user.givenName,
    imAddress: `sip:${user.username}`,
    isFavorite: false,
    jobTitle: orNull(user.jobTitle),
    officeLocation: orNull(user.officeLocation),
    personNotes: '',
    personType: { class: 'Person', subclass: 'OrganizationUser' },
    phones: user.businessPhones.map((number) => ({ type: 'business', number })),
    profession: '',
    scoredEmailAddresses: [{ address: user.mail, relevanceScore: 10, selectionLikelihood: 'notSpecified' }],
    surname: user.surname,
    userPrincipalName,
    yomiCompany: '',
  };
}
