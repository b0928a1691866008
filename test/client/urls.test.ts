import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callsOf, openPage, origin, thrownBy } from './fake-page.ts';

/** Decodes the percent-encoded bytes of a text. */
const bytesOf = (text: string) =>
  encodeURI(text)
    .replaceAll('%25', '%')
    .replace(/%([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

describe('the address of a call', () => {
  it.for([
    ["/me/messages?$filter=subject eq 'x'", '/me/messages?$filter=subject%20eq%20%27x%27'],
    ['/me/messages?$search="a b"', '/me/messages?$search=%22a%20b%22'],
    ['/me/messages?$search="é" ', '/me/messages?$search=%22%C3%A9%22%20'],
    ['/me/drive/root:/Über uns.docx:/content', '/me/drive/root:/%C3%9Cber%20uns.docx:/content'],
    ['/me/drive/root:/.hidden/a..b/...:', '/me/drive/root:/.hidden/a..b/...:'],
    ['/me/messages?$filter=a/../b&x=%2e%2e', '/me/messages?$filter=a/../b&x=%2e%2e'],
    ['/me/messages/AAMk%2F%252e', '/me/messages/AAMk%2F%252e'],
  ])('is sent as written, with only the required characters encoded: %s', async ([path, sent]) => {
    const { client, page } = openPage();
    await client.graph(String(path));
    await client.fetch(`/api/graph/v1.0${path}`);
    await client.fetch(`${origin}/api/graph/v1.0${path}`);
    expect(callsOf(page).map(({ path }) => path)).toEqual(Array(3).fill(`/api/graph/v1.0${sent}`));
  });

  it('can be a URL object', async () => {
    const { client, page } = openPage();
    await client.fetch(new URL('/api/x?y=1', origin));
    expect(callsOf(page)[0]?.path).toBe('/api/x?y=1');
    expect(await thrownBy(client.fetch(new URL('/api/x#y', origin)))).toBeInstanceOf(TypeError);
  });

  it('is either refused or sent with exactly the written bytes, for any text', async () => {
    const part = fc.constantFrom(
      ...[
        '/',
        '.',
        '..',
        '%2e',
        '%2E',
        '\\',
        '#',
        '?',
        '&',
        '=',
        ' ',
        '\t',
        '\n',
        '\r',
        '\0',
        '@',
        ':',
        '//',
      ],
      ...[
        'me',
        'messages',
        'a b',
        'é',
        "'x'",
        '"',
        '<',
        '|',
        '%',
        '%2F',
        '%5c',
        ';',
        '\u{1f600}',
        '\ud800',
        '\x7f',
      ],
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 8 }), async (parts) => {
        const path = `/${parts.join('')}`;
        const { client, page } = openPage();
        const refused = await thrownBy(client.graph(path));
        const sent = callsOf(page)[0]?.url.slice(origin.length);
        if (refused !== undefined) expect([refused instanceof TypeError, sent]).toEqual([true, undefined]);
        else expect(bytesOf(String(sent))).toBe(bytesOf(`/api/graph/v1.0${path}`));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('refuses', () => {
  it('an id with a dot segment, and sends nothing', async () => {
    const { client, page } = openPage();
    const id = '../events/AAMk1';
    const error = await thrownBy(client.graph(`/me/messages/${id}`, { method: 'DELETE' }));
    expect(error).toBeInstanceOf(TypeError);
    expect(page.sent).toEqual([]);
  });

  it.for([
    ['a dot segment', '/me/messages/../events/AAMk1'],
    ['a dot segment at the end', '/me/messages/..'],
    ['a dot segment before the query', '/me/messages/..?$top=1'],
    ['a single dot', '/me/./messages'],
    ['an encoded dot segment', '/me/messages/%2e%2E/events'],
    ['a half-encoded dot segment', '/me/messages/.%2e/events'],
    ['a backslash', '/me/messages/..\\events'],
    ['a backslash in the query', '/me/messages?$search=a\\b'],
    ['a fragment', "/me/messages?$filter=subject eq 'x#y'&$top=1"],
    ['a tab', '/me/mess\tages'],
    ['a carriage return', '/me/messages\r'],
    ['a line feed', '/me/messages?$top=1\n'],
    ['a null', '/me/messages/\0'],
    ['half a character', '/me/messages/\ud800'],
  ])('%s', async ([, path]) => {
    const { client, page } = openPage();
    expect(await thrownBy(client.graph(String(path)))).toBeInstanceOf(TypeError);
    expect(await thrownBy(client.fetch(`/api/graph/v1.0${path}`))).toBeInstanceOf(TypeError);
    expect(await thrownBy(client.fetch(`${origin}/api/graph/v1.0${path}`))).toBeInstanceOf(TypeError);
    expect(() => client.src(`/api/report${path}`)).toThrow(TypeError);
    expect(page.sent).toEqual([]);
  });

  it('a Graph path with a leading space', async () => {
    const { client, page } = openPage();
    expect(await thrownBy(client.graph(' /me'))).toBeInstanceOf(TypeError);
    expect(page.sent).toEqual([]);
  });
});
