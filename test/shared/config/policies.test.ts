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

describe('the files of GRAPH_POLICY_MORE', () => {
  const ownFile = (features: object) => {
    const policyFile = join(folder, 'graph.json');
    writeFileSync(policyFile, JSON.stringify({ features }));
    return policyFile;
  };
  const presence = { methods: ['GET'], path: '/v1.0/me/presence', scopes: ['Presence.Read'] };

  it('add their features to the shipped policy, and none of their permissions to the sign-in', () => {
    const { graph: policy, features } = readPolicies({
      graph: { ...graph, morePolicies: ['presence', 'planner'] },
      apis: [],
    });
    expect(policy.feature('presence')?.scopes).toEqual(['Presence.Read']);
    expect(features.findByName('planner-write')?.scopes).toEqual(['Tasks.ReadWrite']);
    expect(features.findByName('mail')?.scopes).toEqual(['Mail.Read']);
    expect(features.signInScopes).toEqual(['User.Read']);
  });

  it('add their features to the file of the operator too', () => {
    const policyFile = ownFile({ mine: { title: 'Mine', signIn: true, rules: [] } });
    const { features } = readPolicies({
      graph: { ...graph, policyFile, morePolicies: ['presence'] },
      apis: [],
    });
    expect(features.all.map(({ name }) => name)).toEqual(['mine', 'presence', 'presence-of-others']);
  });

  it('may not have a feature that another file has; both are named', () => {
    const policyFile = ownFile({ presence: { title: 'Mine', rules: [] } });
    expect(() =>
      readPolicies({ graph: { ...graph, policyFile, morePolicies: ['planner', 'presence'] }, apis: [] }),
    ).toThrow(
      `GRAPH_POLICY_MORE, the file of GRAPH_POLICY_FILE and policy/more/presence.json both have the feature "presence"; remove it from one of them, or do not use both files`,
    );
  });

  it('may not allow a call that another file allows; both rules are named', { tags: ['PX-4'] }, () => {
    const policyFile = ownFile({
      mine: { title: 'Mine', rules: [{ ...presence, methods: ['GET', 'HEAD'] }] },
    });
    expect(() =>
      readPolicies({ graph: { ...graph, policyFile, morePolicies: ['presence'] }, apis: [] }),
    ).toThrow(
      `GRAPH_POLICY_MORE, the file of GRAPH_POLICY_FILE (features.mine.rules[0]) and policy/more/presence.json (features.presence.rules[0]) both allow GET of /v1.0/me/presence; remove one of the two rules, or do not use both files`,
    );
  });
});

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
