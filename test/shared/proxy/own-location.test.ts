import { describe, expect, it } from 'vitest';
import { parseCustomApiPolicy } from '../../../src/shared/policy/custom-api.ts';
import { toOwnLocation } from '../../../src/shared/proxy/own-location.ts';

const scopes = ['Orders.Read'];
const rules = [
  { methods: ['GET'], path: '/orders/{id}', query: { view: { maxLength: 10 } }, scopes },
  { methods: ['POST'], path: '/jobs/{id}', scopes },
];
const parsed = parseCustomApiPolicy({ features: { orders: { title: 'Orders', rules } } }, 'api://orders');
if (parsed.kind === 'invalid') throw new Error(parsed.issues.join());
const origin = 'https://orders.example';
const ownPrefix = 'https://app.example/api/orders';
const ownLocation = (location: string) =>
  toOwnLocation(location, { policy: parsed.policy, origin, ownPrefix });

describe('a Location of your own API', () => {
  it.each([
    [`${origin}/orders/A-2`, `${ownPrefix}/orders/A-2`],
    ['/orders/A-2', `${ownPrefix}/orders/A-2`],
    ['/orders/A-2?view=short', `${ownPrefix}/orders/A-2?view=short`],
  ])('leads to this service: %s', { tags: ['PX-14'] }, (location, own) => {
    expect(ownLocation(location)).toBe(own);
  });

  describe('refuses', () => {
    it.each([
      '',
      'A-2',
      '../orders/A-2',
      '?view=short',
      '#x',
      '/',
      '/orders',
      '/jobs/J-1',
      '/orders/A-2#x',
      '/orders/A-2?other=1',
      '/orders/A-2?view=shortshort1',
      '/orders/../admin/A-2',
      '/orders/%2e%2e',
      '/orders/A-2%2f..',
      '//evil.example/orders/A-2',
      '/\\evil.example/orders/A-2',
      '/\t/evil.example/orders/A-2',
      'https://evil.example/orders/A-2',
      'http://orders.example/orders/A-2',
      'https://orders.example:8443/orders/A-2',
      'https://orders.example.evil.example/orders/A-2',
      'https://orders.example@evil.example/orders/A-2',
      'HTTPS://ORDERS.EXAMPLE/orders/A-2',
      'javascript:alert(1)',
      `/orders/A-${'2'.repeat(2048)}`,
    ])('to pass on %j', { tags: ['PX-11', 'PX-14'] }, (location) => {
      expect(ownLocation(location)).toBeUndefined();
    });
  });
});
