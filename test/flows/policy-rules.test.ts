import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoClient } from '@entra-bff/directory';
import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { UserAgent } from '../support/user-agent.ts';
import { answerEntra, signIn, startWorld, userId, type Worker, type World } from '../support/world.ts';

const policy = {
  features: {
    profile: {
      title: 'Profile',
      signIn: true,
      rules: [{ methods: ['GET'], path: '/v1.0/me', query: { $select: true }, scopes: ['User.Read'] }],
    },
    mail: {
      title: 'Mail',
      rules: [
        {
          methods: ['GET'],
          path: '/v1.0/me/messages',
          query: { $top: { max: 3, required: true }, $select: { fields: ['subject'] } },
          scopes: ['Mail.Read'],
          alternatives: [['Mail.ReadWrite', 'Mail.Send'], ['Mail.ReadWrite']],
        },
      ],
    },
    drafts: {
      title: 'Drafts',
      rules: [{ methods: ['POST'], path: '/v1.0/me/messages', scopes: ['Mail.ReadWrite'] }],
    },
    notes: {
      title: 'Notes',
      rules: [
        {
          methods: ['PATCH'],
          path: '/v1.0/me/messages/{id}',
          bodyFields: ['isRead'],
          scopes: ['Mail.ReadWrite'],
        },
      ],
    },
    staff: {
      title: 'For administrators',
      guard: { roles: ['Owner', 'Admin'] },
      rules: [{ methods: ['GET'], path: '/v1.0/me/memberOf', scopes: ['User.Read'] }],
    },
    secrets: {
      title: 'For no user',
      rules: [
        {
          methods: ['GET'],
          path: '/v1.0/me/contacts',
          scopes: ['Contacts.Read'],
          guard: { roles: ['admin'] },
        },
      ],
    },
  },
};

let world: World;
let worker: Worker;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'policy-'));
  const policyFile = join(folder, 'policy.json');
  writeFileSync(policyFile, JSON.stringify(policy));
  world = await startWorld();
  worker = await world.startWorker({
    environment: { GRAPH_POLICY_FILE: policyFile, GRAPH_BODY_LIMIT_BYTES: '1024' },
  });
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await world.close();
});
afterEach(() => {
  world.entra.consents.withdraw(['Mail.Read', 'Mail.ReadWrite', 'Mail.Send']);
  world.graph.clearRevocations();
});

const messages = '/api/graph/v1.0/me/messages?$top=2&$select=subject';

/** Signs a user in and grants the permissions of these features. */
async function signedIn(user: string, ...features: string[]): Promise<UserAgent> {
  const browser = worker.browser();
  await signIn(browser, { user });
  for (const feature of features) await signIn(browser, { user, from: `/api/auth/login?feature=${feature}` });
  return browser;
}

const problemOf = (answer: { body: string }): Record<string, unknown> => JSON.parse(answer.body);

/** Returns the scopes of the access token of the last call to Graph. */
const lastScopes = (): string[] => {
  const authorization = new Map(world.graph.requests.at(-1)?.headers).get('authorization') ?? '';
  return String(decodeJwt(authorization.replace('Bearer ', ''))['scp']).split(' ');
};

const askedOfEntra = () =>
  world.entra.requests
    .findLast(({ kind, method }) => kind === 'authorize' && method === 'GET')
    ?.query['scope']?.split(' ');

describe('a rule with alternatives', () => {
  it('requests the least permission if no larger one was granted', async () => {
    const browser = await signedIn('ben');
    const refused = problemOf(await browser.script('GET', messages));
    expect(refused).toMatchObject({ code: 'interaction_required', feature: 'mail', scopes: ['Mail.Read'] });
    await signIn(browser, { user: 'ben', from: String(refused['login_url']) });
    expect(askedOfEntra()).toContain('Mail.Read');
    expect(askedOfEntra()).not.toContain('Mail.ReadWrite');
    expect((await browser.script('GET', messages)).status).toBe(200);
  });

  it('requests nothing if a larger permission was granted before', async () => {
    const browser = await signedIn('ben', 'drafts');
    const [tokens, asked] = [world.entra.count('token'), world.entra.count('authorize')];
    expect((await browser.script('GET', messages)).status).toBe(200);
    expect(lastScopes()).toContain('Mail.ReadWrite');
    expect(lastScopes()).not.toContain('Mail.Read');
    expect([world.entra.count('token'), world.entra.count('authorize')]).toEqual([tokens, asked]);
    expect(await browser.scriptJson('/api/auth/session')).toMatchObject({
      features: { mail: 'granted', drafts: 'granted' },
    });
  });

  it('is granted if the user declined the least permission and consented to a larger one', async () => {
    const browser = await signedIn('ben');
    const asked = await browser.navigate('/api/auth/login?feature=mail');
    await answerEntra(browser, asked, { user: 'ben', decision: 'decline' });
    expect(problemOf(await browser.script('GET', messages))).toMatchObject({ code: 'consent_declined' });
    await signIn(browser, { user: 'ben', from: '/api/auth/login?feature=drafts' });
    expect((await browser.script('GET', messages)).status).toBe(200);
  });

  it('requests the least permission again if the larger one was revoked', async () => {
    const browser = await signedIn('ben', 'drafts');
    world.entra.consents.withdraw(['Mail.ReadWrite']);
    world.graph.revokeTokens(userId('ben'));
    const refused = problemOf(await browser.script('GET', messages));
    expect(refused).toMatchObject({ reason: 'consent_required', feature: 'mail', scopes: ['Mail.Read'] });
    await signIn(browser, { user: 'ben', from: String(refused['login_url']) });
    expect(askedOfEntra()).not.toContain('Mail.ReadWrite');
    expect((await browser.script('GET', messages)).status).toBe(200);
    expect(lastScopes()).toContain('Mail.Read');
  });

  it('is not granted by only one of two permissions of an alternative', async () => {
    const { tenantId, clientId } = demoClient;
    world.entra.consents.grant({ tenantId, clientId, scopes: ['Mail.Send'] });
    const browser = await signedIn('ben');
    expect(problemOf(await browser.script('GET', messages))).toMatchObject({ scopes: ['Mail.Read'] });
  });
});

describe('a rule with a guard', () => {
  it('admits a user with one of its roles', { tags: ['RG-1'] }, async () => {
    const browser = await signedIn('alice');
    expect((await browser.script('GET', '/api/graph/v1.0/me/memberOf')).status).toBe(200);
  });

  it('refuses a user without its roles, names them, and calls neither Entra ID nor Graph', {
    tags: ['RG-1'],
  }, async () => {
    const browser = await signedIn('ben');
    const [tokens, calls] = [world.entra.count('token'), world.graph.count()];
    const answer = await browser.script('GET', '/api/graph/v1.0/me/memberOf');
    expect(answer.status).toBe(403);
    expect(problemOf(answer)).toMatchObject({
      code: 'claim_required',
      detail: 'This needs the app role "Owner" or "Admin".',
      required_roles: ['Owner', 'Admin'],
      error: { code: 'claim_required' },
    });
    expect([world.entra.count('token'), world.graph.count()]).toEqual([tokens, calls]);
  });

  it('does not extend the session of a user without its roles', { tags: ['SC-3'] }, async () => {
    const browser = await signedIn('ben');
    const idleEnd = async () => (await browser.scriptJson('/api/auth/session'))['idle_expires_at'];
    const before = await idleEnd();
    world.advance(360);
    expect((await browser.script('GET', '/api/graph/v1.0/me/memberOf')).status).toBe(403);
    expect(await idleEnd()).toBe(before);
    expect((await browser.script('GET', '/api/graph/v1.0/me')).status).toBe(200);
    expect(await idleEnd()).not.toBe(before);
    world.advance(-360);
  });

  it('compares roles case-sensitively, before it requests a permission', {
    tags: ['RG-1'],
  }, async () => {
    const browser = await signedIn('alice');
    const answer = await browser.script('GET', '/api/graph/v1.0/me/contacts');
    expect(problemOf(answer)).toMatchObject({ code: 'claim_required', required_roles: ['admin'] });
  });
});

describe('a rule with bounds', () => {
  it('refuses calls beyond the bounds, and names the bounds', { tags: ['PX-5'] }, async () => {
    const browser = await signedIn('ben', 'mail');
    expect((await browser.script('GET', messages)).status).toBe(200);
    const calls = world.graph.count();
    for (const [query, detail] of [
      ['', 'The rule for this path requires $top.'],
      ['?$top=4', '$top must be a whole number up to 3.'],
      [
        '?$top=3&$select=body',
        '$select, character 1: not a field that the rule names. Fields that the rule names: subject.',
      ],
      [
        '?$top=3&$skip=1',
        'The rule for this path does not allow one of the query options. Allowed: $select, $top.',
      ],
    ] as const) {
      const answer = await browser.script('GET', `/api/graph/v1.0/me/messages${query}`);
      expect([answer.status, problemOf(answer)['code'], problemOf(answer)['detail']]).toEqual([
        403,
        'path_not_allowed',
        detail,
      ]);
    }
    expect(world.graph.count()).toBe(calls);
  });
});

describe('a call that is refused after its rule was found', () => {
  const message = '/api/graph/v1.0/me/messages/m1';
  const json = { 'content-type': 'application/json' };
  const patch = (browser: UserAgent, body: string, headers: Record<string, string> = {}) =>
    browser.clone().script('PATCH', message, { body, headers: { ...json, ...headers } });

  it('does not extend the session, whichever check refuses it', { tags: ['SC-3'] }, async () => {
    const browser = await signedIn('ben', 'drafts');
    const uses = worker.table.recordedUses();
    world.advance(360);
    const refused = [
      await patch(browser, '{"isRead":true,"subject":"x"}'),
      await patch(browser, JSON.stringify({ isRead: 'x'.repeat(2_000) })),
      await patch(browser, '{}', { 'content-encoding': 'gzip' }),
      await patch(browser, '2\r\n{}\r\n0\r\n\r\n', { 'transfer-encoding': 'chunked' }),
      await browser.clone().script('GET', messages, { headers: { range: 'b'.repeat(3000) } }),
    ];
    expect(refused.map(({ status }) => status)).toEqual([403, 413, 415, 411, 400]);
    expect(worker.table.recordedUses()).toBe(uses);
    await patch(browser, '{"isRead":true}');
    expect(worker.table.recordedUses()).toBe(uses + 1);
    world.advance(-360);
  });

  it('does not extend the session if the user declined the permission', {
    tags: ['SC-3'],
  }, async () => {
    const browser = await signedIn('ben');
    const asked = await browser.navigate('/api/auth/login?feature=mail');
    await answerEntra(browser, asked, { user: 'ben', decision: 'decline' });
    const uses = worker.table.recordedUses();
    world.advance(360);
    const answer = await browser.clone().script('GET', messages);
    expect([answer.status, problemOf(answer)['code']]).toEqual([403, 'consent_declined']);
    expect(worker.table.recordedUses()).toBe(uses);
    world.advance(-360);
  });
});
