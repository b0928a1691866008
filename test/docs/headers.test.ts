import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, it } from 'vitest';
import { toBrowserHeaders, toForwardedHeaders } from '../../src/shared/proxy/headers.ts';

const page = readFileSync(new URL('../../docs/graph-proxy.md', import.meta.url), 'utf8');

/** The names in the sentence that begins so, up to its first colon's end or semicolon. */
function namesIn(beginning: string): string[] {
  const [, names = ''] = new RegExp(`${beginning}[^:]*: ([^.;]*)[.;]`).exec(page) ?? [];
  return [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}

describe('docs/graph-proxy.md', () => {
  it('lists the headers that pass for every rule, both ways (PX-7, PX-12)', () => {
    // A request id passes as a UUID only.
    const forwarded = toForwardedHeaders(() => '6b1f3c3e-0f5e-4c3c-9f0e-2b7a4f1d5a10');
    expect(namesIn('Of a request these headers')).toEqual(Object.keys(forwarded ?? {}));
    const everyHeader: IncomingHttpHeaders = new Proxy({}, { get: () => 'x' });
    expect(namesIn('Of an answer these')).toEqual(Object.keys(toBrowserHeaders(everyHeader)));
  });
});
