import { describe, expect, it } from 'vitest';
import { isNameableHeader, requireAllowedHeaders } from '../../../src/shared/policy/request-headers.ts';

const rule = { headers: [], preferences: [], maxPageSize: 0 };
const ask = (zone: string) =>
  requireAllowedHeaders(
    'GET',
    (name) => (name === 'prefer' ? `outlook.timezone="${zone}"` : undefined),
    rule,
  );

it('every IANA time zone and every form of Windows names is allowed for every rule', () => {
  const zones = [
    ...Intl.supportedValuesOf('timeZone'),
    'Etc/GMT+12',
    'UTC',
    'UTC-02',
    'UTC+13',
    'E. South America Standard Time',
    'Aus Central W. Standard Time',
    'Pacific Standard Time (Mexico)',
    'Turks And Caicos Standard Time',
    'tzone://Microsoft/Custom',
  ];
  expect(zones.length).toBeGreaterThan(400);
  for (const zone of zones) expect(() => ask(zone), zone).not.toThrow();
});

describe('refuses', () => {
  it('a rule that forwards a header of this service to an API', { tags: ['PX-7'] }, () => {
    expect(['X-CSRF', 'X-Session-Tag', 'x-session-tag'].map(isNameableHeader)).toEqual([false, false, false]);
  });

  it('the header of a page link for every call that does not read it', { tags: ['PX-14'] }, () => {
    expect(['X-Graph-Link', 'x-graph-link', 'X-Graph-Links'].map(isNameableHeader)).toEqual([
      false,
      false,
      true,
    ]);
    for (const method of ['GET', 'POST', 'DELETE']) {
      for (const value of ['/v1.0/me', '']) {
        const header = (name: string) => (name === 'x-graph-link' ? value : undefined);
        const named = { ...rule, headers: ['x-graph-link'] };
        expect(() => requireAllowedHeaders(method, header, named)).toThrow(
          expect.objectContaining({ detail: expect.stringContaining('x-graph-link') }),
        );
      }
    }
  });
});
