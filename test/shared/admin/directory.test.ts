import { describe, expect, it } from 'vitest';
import { createDirectory, isObjectId, toUsersPath } from '../../../src/shared/admin/directory.ts';
import type { GraphCalls } from '../../../src/shared/admin/graph-calls.ts';
import type { Session } from '../../../src/shared/session/store.ts';

const id = 'be000000-8c4f-4e21-a6d9-1f5b3c7e9b02';

function filterOf(text: string): string | null {
  const url = new URL(toUsersPath(text), 'https://graph.example');
  expect(url.pathname).toBe('/users');
  expect([...url.searchParams.keys()]).toEqual(['$filter', '$select', '$top']);
  expect(url.searchParams.get('$top')).toBe('10');
  return url.searchParams.get('$filter');
}

describe('toUsersPath', () => {
  it('asks for an object id, in small letters', () => {
    expect(filterOf(id)).toBe(`id eq '${id}'`);
    expect(filterOf(` ${id.toUpperCase()} `)).toBe(`id eq '${id}'`);
  });

  it('asks for an address as principal name and as mail', () => {
    expect(filterOf('ben@contoso.example')).toBe(
      "userPrincipalName eq 'ben@contoso.example' or mail eq 'ben@contoso.example'",
    );
    expect(filterOf('gus_fabrikam.example#EXT#@contoso.example')).toContain('#EXT#@');
  });

  it('asks for the beginning of a name otherwise', () => {
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
  ])('keeps %j inside of its quotes', (text, filter) => {
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
  ])('refuses %j, which a Graph that decodes twice and splits again reads as more than text', (text) => {
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

describe('find', () => {
  const findIn = async (value: unknown) => {
    const graph: GraphCalls = {
      use: (_session, _need, _log, work) =>
        work({
          api: () => ({
            get: () => Promise.resolve(value),
            post: () => Promise.reject(new Error('nothing is changed')),
            delete: () => Promise.reject(new Error('nothing is changed')),
          }),
        }),
    };
    return createDirectory(graph).find({} as Session, 'ben', () => undefined);
  };

  it('names people by what there is', async () => {
    const people = await findIn({
      value: [
        { id, displayName: 'Ben', userPrincipalName: 'ben@contoso.example' },
        { id, displayName: '', userPrincipalName: 'ben@contoso.example' },
        { id, displayName: 'Ben', userPrincipalName: null, mail: 'b@contoso.example' },
      ],
    });
    expect(people.map(({ name, username }) => [name, username])).toEqual([
      ['Ben', 'ben@contoso.example'],
      ['ben@contoso.example', 'ben@contoso.example'],
      ['Ben', 'b@contoso.example'],
    ]);
  });

  it.each([undefined, null, 'x', {}, { value: 'x' }, { value: [null, 1, {}, { id: 'x' }] }])(
    'finds nobody in an answer of another shape: %j',
    async (value) => {
      expect(await findIn(value)).toEqual([]);
    },
  );

  it('shows ten at most, whatever the answer holds', async () => {
    expect(await findIn({ value: Array.from({ length: 12 }, () => ({ id })) })).toHaveLength(10);
  });
});
