import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCookies } from '../../../src/shared/http/cookies.ts';
import { readEmbed } from '../../../src/shared/http/cross-site.ts';
import type { BffRequest } from '../../../src/shared/http/request.ts';
import { destinations, modes } from '../../support/embed-attacks.ts';

const origin = 'https://app.example';

function requestWith(method: string, headers: Readonly<Record<string, string | undefined>>): BffRequest {
  return {
    method,
    path: '/',
    routePath: '/',
    rawQuery: '',
    query: { kind: 'query', query: new Map() },
    cookies: parseCookies(undefined),
    invocationId: '',
    startedMs: 0,
    header: (name) => headers[name],
    routeParameter: () => '',
    body: async () => undefined,
  };
}

/** One of these, often enough the one that may pass. */
const mostly = <Other extends string | undefined>(passing: string, ...others: readonly Other[]) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(passing) }, fc.constantFrom(...others));

const headers = fc.record({
  'sec-fetch-site': mostly('same-origin', 'same-site', 'cross-site', 'none', '', 'SAME-ORIGIN', undefined),
  'sec-fetch-mode': fc.oneof(
    fc.constantFrom('navigate', 'no-cors'),
    fc.constantFrom(...modes, '', 'Navigate', undefined),
  ),
  'sec-fetch-dest': fc.oneof(
    fc.constantFrom('image', 'video', 'document', 'empty'),
    fc.constantFrom(...destinations, undefined),
  ),
  origin: fc.option(mostly(origin, 'null', 'https://evil.test', `${origin}:1`), { nil: undefined }),
  'x-csrf': fc.option(fc.constantFrom('', '0', '1', '1, 1'), { nil: undefined, freq: 3 }),
});

describe('a call of plain HTML', () => {
  it('is recognized by all of its headers together, and by nothing less', { tags: ['CS-1'] }, () => {
    let passed = 0;
    fc.assert(
      fc.property(mostly('GET', 'HEAD', 'POST', 'get', 'DELETE'), headers, (method, sent) => {
        const texts = [method, ...Object.values(sent)].map((text) => text ?? '-').join(' ');
        const media =
          /^GET same-origin (?:no-cors|cors) (image|audio|video) (?:-|https:\/\/app\.example) -$/.exec(texts);
        const link = /^GET same-origin navigate (?:document|empty) (?:-|https:\/\/app\.example) -$/.test(
          texts,
        );
        const kinds: Readonly<Record<string, string>> = { image: 'image', audio: 'media', video: 'media' };
        const expected = link ? 'download' : kinds[media?.[1] ?? ''];
        const embed = readEmbed(requestWith(method, sent), origin);
        expect(embed, texts).toBe(expected);
        if (embed !== undefined) passed++;
      }),
      { numRuns: 5_000 },
    );
    expect(passed).toBeGreaterThan(100);
  });
});
