import { expect, it } from 'vitest';
import { requireAllowedHeaders } from '../../../src/shared/policy/request-headers.ts';

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
