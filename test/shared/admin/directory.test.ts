import { describe, expect, it } from 'vitest';
import type { AdministratorGraph, GraphObject } from '../../../src/shared/admin/administration.ts';
import { createDirectory, isObjectId, toUsersPath } from '../../../src/shared/admin/directory.ts';
import type { Caller } from '../../../src/shared/session/caller.ts';

const id = 'be000000-8c4f-4e21-a6d9-1f5b3c7e9b02';
const administrator: Caller = {
  user: { tenantId: 'tenant', objectId: 'administrator' },
  name: undefined,
  username: undefined,
  roles: [],
  signedInAt: new Date(0),
  claims: {},
};

function filterOf(text: string): string | null {
  const url = new URL(toUsersPath(text), 'https://graph.example');
  expect(url.pathname).toBe('/users');
  expect([...url.searchParams.keys()]).toEqual(['$filter', '$select', '$top']);
  expect(url.searchParams.get('$top')).toBe('10');
  return url.searchParams.get('$filter');
}

describe('toUsersPath', () => {
  it('filters by an object ID in lower case', () => {
    expect(filterOf(id)).toBe(`id eq '${id}'`);
    expect(filterOf(` ${id.toUpperCase()} `)).toBe(`id eq '${id}'`);
  });

  it('filters by an email address as principal name and as mail', () => {
    expect(filterOf('ben@contoso.example')).toBe(
      "userPrincipalName eq 'ben@contoso.example' or mail eq 'ben@contoso.example'",
    );
    expect(filterOf('gus_fabrikam.example#EXT#@contoso.example')).toContain('#EXT#@');
  });

  it('filters by the beginning of a name for any other text', () => {
    expect(filterOf('Ben')).toBe("startswith(displayName,'Ben')");
    expect(filterOf('Zoë 李')).toBe("startswith(displayName,'Zoë 李')");
  });

  it.each([
    ["O'Brien", "startswith(displayName,'O''Brien')"],
    ["x' or '1' eq '1", "startswith(displayName,'x'' or ''1'' eq ''1')"],
    ["'", "startswith(displayName,'''')"],
    ["a'@b", "userPrincipalName eq 'a''@b' or mail eq 'a''@b'"],
    ['50% off', "startswith(displayName,'50% off')"],
    ['a+b#c?d', "startswith(displayName,'a+b#c?d')"],
  ])('keeps %j inside the quotes', (text, filter) => {
    expect(filterOf(text)).toBe(filter);
  });

  it.each(['', ' ', 'x'.repeat(255), 'a\u0000', 'a\r\nb', 'a\u2028b', '\ud800'])('refuses %j', (text) => {
    expect(() => toUsersPath(text)).toThrow(expect.objectContaining({ code: 'request_invalid' }));
  });

  it.each([
    'a&$top=999',
    'R&D',
    'a%27',
    'a%27) or (1 eq 1',
    'a%2527',
    'a%26$select=mobilePhone',
    'a%u0027',
    '%2'.concat('7'),
  ])('refuses %j, which a server that decodes twice would read as query syntax', (text) => {
    expect(() => toUsersPath(text)).toThrow(expect.objectContaining({ code: 'request_invalid' }));
  });
});

describe('isObjectId', () => {
  it.each([id.toUpperCase(), `${id} `, `{${id}}`, id.replaceAll('-', ''), `${id}\n`, '', '../me'])(
    'is false for %j',
    (text) => {
      expect(isObjectId(text)).toBe(false);
    },
  );
});

describe('search', () => {
  const searchIn = (response: GraphObject) => {
    const unexpected = () => Promise.reject(new Error('unexpected call'));
    const graph: AdministratorGraph = {
      get: () => Promise.resolve(response),
      post: unexpected,
      delete: unexpected,
    };
    return createDirectory(graph).search(administrator, 'ben', () => undefined);
  };

  it('falls back to the username or the mail address if the name is missing', async () => {
    const users = await searchIn({
      value: [
        { id, displayName: 'Ben', userPrincipalName: 'ben@contoso.example' },
        { id, displayName: '', userPrincipalName: 'ben@contoso.example' },
        { id, displayName: 'Ben', userPrincipalName: null, mail: 'b@contoso.example' },
      ],
    });
    expect(users.map(({ name, username }) => [name, username])).toEqual([
      ['Ben', 'ben@contoso.example'],
      ['ben@contoso.example', 'ben@contoso.example'],
      ['Ben', 'b@contoso.example'],
    ]);
  });

  it.each([{}, { value: 'x' }, { value: null }, { value: [null, 1, {}, { id: 'x' }] }])(
    'finds no users in a response of another shape: %j',
    async (response) => {
      expect(await searchIn(response)).toEqual([]);
    },
  );

  it('returns at most ten users, even if the response has more', async () => {
    expect(await searchIn({ value: Array.from({ length: 12 }, () => ({ id })) })).toHaveLength(10);
  });
});
