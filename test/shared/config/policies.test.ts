import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readPolicies } from '../../../src/shared/config/policies.ts';

const folder = mkdtempSync(join(tmpdir(), 'policies-'));
afterAll(() => rmSync(folder, { recursive: true }));

const graph = {
  origin: 'https://graph.microsoft.com',
  requestIdCheck: 'warn',
  bodyLimitBytes: 1024,
  timeoutMs: 100,
} as const;
const rule = { methods: ['GET'], path: '/orders/{id}', scopes: ['Orders.Read'] };

function customApi(name: string, document: unknown) {
  const policyFile = join(folder, `${name}.json`);
  writeFileSync(policyFile, JSON.stringify(document));
  const requestIdCheck = 'ignore' as const;
  return {
    name,
    origin: 'https://orders.example',
    scopePrefix: 'api://orders',
    requestIdCheck,
    policyFile,
  };
}

describe('the policies of several upstream APIs', () => {
  it('have their features in one list, an own API with its address before its permissions', () => {
    const document = { features: { orders: { title: 'Orders', signIn: true, rules: [rule] } } };
    const { apis, features } = readPolicies({ graph, apis: [customApi('orders', document)] });
    expect(apis.map(({ name }) => name)).toEqual(['orders']);
    expect(features.findByName('orders')?.scopes).toEqual(['api://orders/Orders.Read']);
    expect(features.findByName('profile')?.scopes).toEqual(['User.Read']);
    expect(features.signInScopes).toEqual(['User.Read', 'api://orders/Orders.Read']);
  });

  it('may not share the name of a feature', () => {
    const document = { features: { mail: { title: 'Orders', rules: [rule] } } };
    expect(() => readPolicies({ graph, apis: [customApi('orders', document)] })).toThrow(
      /two policies have a feature named "mail"; rename/,
    );
  });

  it('may not take the name of a feature of the admin page, whose links would request other permissions', () => {
    const document = { features: { administration: { title: 'Orders', rules: [rule] } } };
    expect(() => readPolicies({ graph, apis: [customApi('orders', document)] })).toThrow(
      /a feature is named "administration", which the admin page uses already; rename the feature/,
    );
  });

  it('name the setting and the position of an issue', () => {
    const document = { features: { orders: { title: 'Orders', rules: [{ ...rule, scopes: [] }] } } };
    expect(() => readPolicies({ graph, apis: [customApi('orders', document)] })).toThrow(
      /API_ORDERS_POLICY_FILE, features\.orders\.rules\[0\]\.scopes/,
    );
  });

  it('may not request more in one feature than a sign-in can carry', () => {
    const scopes = Array.from({ length: 40 }, (_, at) => `Orders.Read.Part${at}`);
    const rules = [{ ...rule, scopes }];
    const document = { features: { orders: { title: 'Orders', rules } } };
    expect(() => readPolicies({ graph, apis: [customApi('orders', document)] })).toThrow(
      /features\.orders: its permissions have \d+ characters, but a feature may have at most 320; split the feature in two/,
    );
  });
});
