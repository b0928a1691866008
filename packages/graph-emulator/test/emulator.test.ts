import { demoClient, demoDirectory, demoUsers, graphResourceId } from '@entra-bff/directory';
import type { EntraEmulator } from '@entra-bff/entra-emulator';
import { startTestEmulator } from '@entra-bff/entra-emulator/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type GraphEmulator, startGraphEmulator } from '../src/emulator.ts';
import { defaultGraphSwitches } from '../src/switches.ts';

let entra: EntraEmulator;
let graph: GraphEmulator;

beforeAll(async () => {
  entra = await startTestEmulator({ directory: demoDirectory });
  graph = await startGraphEmulator({ directory: demoDirectory, entra });
});

afterAll(() => Promise.all([entra.close(), graph.close()]));

afterEach(() => {
  Object.assign(graph.switches, defaultGraphSwitches());
  graph.respondWith(undefined);
});

interface TokenRequest {
  readonly user?: (typeof demoUsers)[keyof typeof demoUsers];
  readonly scopes?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
}

function accessToken({
  user = demoUsers.alice,
  scopes = 'User.Read Mail.Read',
  claims = {},
}: TokenRequest = {}) {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const { tenantId } = demoClient;
  return entra.signIdToken({
    aud: graphResourceId,
    iss: `${entra.origin}/${tenantId}/v2.0`,
    tid: tenantId,
    oid: user.guestIn[0]?.objectId ?? user.id,
    scp: scopes,
    exp: nowSeconds + 600,
    ...claims,
  });
}

async function call(path: string, request?: TokenRequest, init: RequestInit = {}) {
  const headers = { authorization: `Bearer ${await accessToken(request)}` };
  const response = await fetch(`${graph.origin}${path}`, { ...init, headers });
  const text = await response.text();
  const body: unknown = text.startsWith('{') ? JSON.parse(text) : text;
  return { status: response.status, headers: response.headers, body };
}

describe('the Graph emulator', () => {
  it('returns /me with the default properties of Graph, or those selected', async () => {
    expect((await call('/v1.0/me')).body).toMatchObject({
      displayName: 'Alice Adams',
      id: demoUsers.alice.id,
    });
    const selected = await call('/v1.0/me?$select=department');
    expect(selected.body).toEqual({
      '@odata.context': expect.any(String),
      department: demoUsers.alice.department,
    });
  });

  it('pages messages by $top and $skip, with a next link if more follow', async () => {
    const first = await call('/v1.0/me/messages?$top=20');
    expect(first.body).toMatchObject({
      value: { length: 20 },
      '@odata.nextLink': expect.stringContaining('skip=20'),
    });
    const last = await call('/v1.0/me/messages?$top=20&$skip=20');
    expect(last.body).toMatchObject({ value: { length: 15 } });
    expect(last.body).not.toHaveProperty('@odata.nextLink');
  });

  it('returns a drawn portrait, except for a guest', async () => {
    const drawn = await call('/v1.0/me/photo/$value');
    expect(drawn.headers.get('content-type')).toBe('image/png');
    expect((await call('/v1.0/me/photo/$value', { user: demoUsers.gus })).status).toBe(404);
  });

  it('names groups only for an app that may read names', async () => {
    expect((await call('/v1.0/me/memberOf')).body).toMatchObject({ value: [{ displayName: null }, {}, {}] });
    const allowed = await call('/v1.0/me/memberOf', { scopes: 'User.Read GroupMember.Read.All' });
    expect(allowed.body).toMatchObject({ value: [{ displayName: 'All of Contoso' }, {}, {}] });
  });

  it('replies to sendMail with 202 and no body', async () => {
    const init = { method: 'POST', body: JSON.stringify({ message: { subject: 'Hello' } }) };
    expect(await call('/v1.0/me/sendMail', { scopes: 'Mail.Send' }, init)).toMatchObject({
      status: 202,
      body: '',
    });
  });

  describe('refuses', () => {
    it.each([
      ['a token of another audience', { aud: 'another' }, 401, 'InvalidAuthenticationToken'],
      ['an expired token', { exp: 1 }, 401, 'InvalidAuthenticationToken'],
      ['a token of another issuer', { iss: 'https://evil.example' }, 401, 'InvalidAuthenticationToken'],
      ['a token without the permission', { scp: 'User.Read' }, 403, 'ErrorAccessDenied'],
    ])('%s', async (_what, claims, status, code) => {
      const answer = await call('/v1.0/me/messages', { claims });
      expect(answer).toMatchObject({ status, body: { error: { code } } });
    });

    it('a malformed key with 400', async () => {
      expect((await call('/v1.0/users/%zz', { scopes: 'User.Read.All' })).status).toBe(400);
    });

    it('a form for the switches that another site sends', async () => {
      const init = {
        method: 'POST',
        headers: { origin: 'http://evil.example' },
        body: 'action=save&unavailable=yes',
      };
      expect((await fetch(`${graph.origin}/switches`, init)).status).toBe(403);
      expect(graph.switches.unavailable).toBe(false);
    });
  });

  it.each([
    ['seconds', /^10$/],
    ['decimal', /^10\.000$/],
    ['date', /^\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT$/],
  ] as const)('writes Retry-After as %s', async (retryAfterForm, pattern) => {
    Object.assign(graph.switches, { throttledCalls: 1, retryAfterForm });
    expect((await call('/v1.0/me')).headers.get('retry-after')).toMatch(pattern);
  });

  it('omits Retry-After', async () => {
    Object.assign(graph.switches, { throttledCalls: 1, retryAfterForm: 'missing' });
    expect((await call('/v1.0/me')).headers.get('retry-after')).toBeNull();
  });

  it.each(['before-head', 'after-head', 'in-body'] as const)(
    'breaks off responses on demand: %s',
    async (breaksOff) => {
      graph.switches.breaksOff = breaksOff;
      await expect(call('/v1.0/me')).rejects.toThrow();
    },
  );

  it('pauses in the middle of a body and then completes it', async () => {
    graph.switches.bodyPauseMs = 20;
    const startedAtMs = performance.now();
    expect((await call('/v1.0/me')).body).toMatchObject({ id: demoUsers.alice.id });
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(18);
  });

  it('lists on its page what is on, and turns all of it off', async () => {
    Object.assign(graph.switches, { unavailable: true, breaksOff: 'in-body' });
    const page = async () => (await fetch(`${graph.origin}/switches`)).text();
    expect(await page()).toMatch(
      /On now<\/h2>\s*<ul><li>Every call gets 503<\/li><li>Where every response breaks off: in the middle of the body<\/li><\/ul>/,
    );
    await fetch(`${graph.origin}/switches`, {
      method: 'POST',
      body: new URLSearchParams({ action: 'reset' }),
    });
    expect(graph.switches).toEqual(defaultGraphSwitches());
    expect(await page()).toContain('Everything works.');
  });

  it('reads the switches from its page and ignores invalid values', async () => {
    const save = (form: string) =>
      fetch(`${graph.origin}/switches`, {
        method: 'POST',
        body: new URLSearchParams(`action=save&${form}`),
        redirect: 'manual',
      });
    await save('retryAfterForm=date&breaksOff=in-body&bodyPauseMs=7&challengeForm=plain');
    await save('retryAfterForm=__proto__&breaksOff=always&bodyPauseMs=x');
    expect(graph.switches).toMatchObject({ retryAfterForm: 'date', breaksOff: 'in-body', bodyPauseMs: 7 });
  });

  it('throttles the given number of calls, then works again', async () => {
    graph.switches.throttledCalls = 1;
    const throttled = await call('/v1.0/me');
    expect([throttled.status, throttled.headers.get('retry-after')]).toEqual([429, '10']);
    expect((await call('/v1.0/me')).status).toBe(200);
  });

  it('saves the switches of the page', async () => {
    const body = new URLSearchParams({
      action: 'save',
      unavailable: 'yes',
      throttledCalls: '0',
      slowMs: '0',
    });
    await fetch(`${graph.origin}/switches`, { method: 'POST', body });
    expect((await call('/v1.0/me')).status).toBe(503);
  });
});
