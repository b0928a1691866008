import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, it } from 'vitest';
import { removalReasons } from '../../src/shared/graph/removed-links.ts';
import { toBrowserHeaders, toForwardedHeaders } from '../../src/shared/proxy/headers.ts';

const page = readFileSync(new URL('../../docs/graph-proxy.md', import.meta.url), 'utf8');

/** A value that is valid for each of these headers. */
const requestId = '0b9d8f4e-52d1-4b6e-9f3a-7c0e4d8b2a02';

/** The names in the sentence with this beginning, up to its first semicolon or end. */
function namesIn(beginning: string): string[] {
  const [, names = ''] = new RegExp(`${beginning}[^:]*: ([^.;]*)[.;]`).exec(page) ?? [];
  return [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}

describe('docs/graph-proxy.md', () => {
  it('lists the headers that every rule forwards, in both directions', { tags: ['PX-7', 'PX-12'] }, () => {
    expect(namesIn('These request headers are')).toEqual(
      Object.keys(toForwardedHeaders(() => requestId) ?? {}),
    );
    const everyHeader: IncomingHttpHeaders = new Proxy(
      {},
      { get: (_target, name) => (name === 'content-disposition' ? 'inline; filename=x' : 'x') },
    );
    expect(namesIn('These response headers')).toEqual(Object.keys(toBrowserHeaders(everyHeader)).sort());
  });

  it('explains every reason for which a link is removed', () => {
    const [, section = ''] = /^### Removed links\n([\s\S]*?)\n### /m.exec(page) ?? [];
    const reasons = [...section.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, reason]) => reason);
    expect(reasons).toEqual([...removalReasons]);
  });
});
