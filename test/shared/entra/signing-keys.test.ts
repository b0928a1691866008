import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSigningKeys } from '../../../src/shared/entra/signing-keys.ts';
import { BffError } from '../../../src/shared/errors.ts';
import { HttpFailure, type HttpResponse, type SendHttp } from '../../../src/shared/network/http-request.ts';

const keysUri = 'https://login.example/tenant/discovery/v2.0/keys?appid=1';
const header = { alg: 'RS256', kid: 'one' };
const publish = (kid: string) => ({
  ...generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' }),
  kid,
  use: 'sig',
  issuer: 'https://login.example/tenant/v2.0',
});
const one = publish('one');
const two = publish('two');

const answerOf = (body: unknown, more: Partial<HttpResponse> = {}): HttpResponse => ({
  status: 200,
  headers: {},
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  ...more,
});
const good = () => answerOf({ keys: [one, two] }, { headers: { date: new Date(Date.now()).toUTCString() } });

/** An authority whose next answer a test chooses, with a list of its requests. */
function authority() {
  const state: { answer: () => HttpResponse | Promise<HttpResponse>; asked: Parameters<SendHttp>[0][] } = {
    answer: good,
    asked: [],
  };
  const keys = createSigningKeys(
    keysUri,
    async (request) => {
      state.asked.push(request);
      return state.answer();
    },
    () => new Date(),
  );
  return { keys, state };
}

const faults: [string, () => HttpResponse | Promise<HttpResponse>][] = [
  ['refuses connections', () => Promise.reject(new HttpFailure('unreachable'))],
  ['is too slow', () => Promise.reject(new HttpFailure('timeout'))],
  ['answers without end', () => Promise.reject(new HttpFailure('too-large'))],
  ['breaks off', () => Promise.reject(new HttpFailure('broken'))],
  ['answers HTML', () => answerOf('<html>502</html>')],
  ['answers HTML with a failure', () => answerOf('<html>502</html>', { status: 502 })],
  ['answers keys with a failure', () => answerOf({ keys: [one] }, { status: 500 })],
  [
    'sends elsewhere',
    () => answerOf('', { status: 302, headers: { location: 'https://evil.example/keys' } }),
  ],
  ['answers nothing', () => answerOf('')],
  ['answers 204', () => answerOf('', { status: 204 })],
  ['answers an array', () => answerOf([one])],
  ['answers null', () => answerOf('null')],
  ['answers no keys member', () => answerOf({ issuer: 'https://login.example' })],
  ['answers keys that are no objects', () => answerOf({ keys: ['one'] })],
  ['answers keys that are an object', () => answerOf({ keys: { one } })],
];

describe('signing keys', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('are loaded from the configured address in one bounded request, with their issuer', async () => {
    const { keys, state } = authority();
    expect(await keys.resolve(header)).toMatchObject({ issuer: one.issuer });
    expect(state.asked).toHaveLength(1);
    expect(state.asked[0]).toMatchObject({
      method: 'GET',
      origin: 'https://login.example',
      path: '/tenant/discovery/v2.0/keys?appid=1',
    });
    expect(state.asked[0]?.deadlineMs).toBeLessThanOrEqual(10_000);
    expect(state.asked[0]?.maxResponseBytes).toBeLessThanOrEqual(1024 * 1024);
  });

  it('are requested once for concurrent sign-ins', async () => {
    const { keys, state } = authority();
    await Promise.all(Array.from({ length: 20 }, () => keys.resolve(header)));
    expect(state.asked).toHaveLength(1);
  });

  it.each(faults)(
    'are not available at a cold start if the authority %s, and the next attempt succeeds',
    { tags: ['ID-9'] },
    async (_what, fault) => {
      const { keys, state } = authority();
      state.answer = fault;
      const refused = await keys.resolve(header).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(refused).toBeInstanceOf(BffError);
      expect(refused).toMatchObject({ code: 'sign_in_service_unavailable' });
      await expect(keys.load()).rejects.toMatchObject({ code: 'sign_in_service_unavailable' });
      state.answer = good;
      await expect(keys.resolve(header)).resolves.toBeDefined();
      await expect(keys.load()).resolves.toBeUndefined();
    },
  );

  it.each(faults)(
    'stay valid until their maximum age if the authority %s',
    { tags: ['ID-9'] },
    async (_what, fault) => {
      const { keys, state } = authority();
      await keys.resolve(header);
      state.answer = fault;
      vi.setSystemTime(Date.now() + 9 * 60_000);
      await expect(keys.resolve(header)).resolves.toBeDefined();
      // A request for an unknown key while the authority fails does not affect the known ones.
      await expect(keys.resolve({ ...header, kid: 'unknown' })).rejects.toBeInstanceOf(Error);
      await expect(keys.resolve(header)).resolves.toBeDefined();
      vi.setSystemTime(Date.now() + 61_000);
      await expect(keys.resolve(header)).rejects.toMatchObject({ code: 'sign_in_service_unavailable' });
      state.answer = good;
      await expect(keys.resolve(header)).resolves.toBeDefined();
    },
  );

  it('that are no longer published are dropped at their maximum age', async () => {
    const { keys, state } = authority();
    await keys.resolve(header);
    state.answer = () => answerOf({ keys: [two] });
    vi.setSystemTime(Date.now() + 11 * 60_000);
    await expect(keys.resolve(header)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
  });

  it('that are unknown are requested at most twice a minute, even if an attacker invents ids', {
    tags: ['ID-8'],
  }, async () => {
    const { keys, state } = authority();
    await keys.resolve(header);
    for (let second = 0; second < 60; second++) {
      vi.setSystemTime(Date.now() + 1000);
      await expect(keys.resolve({ ...header, kid: `made-up-${second}` })).rejects.toMatchObject({
        code: 'ERR_JWKS_NO_MATCHING_KEY',
      });
    }
    expect(state.asked.length - 1).toBeLessThanOrEqual(2);
  });

  it('that are new are used without a restart', { tags: ['ID-8'] }, async () => {
    const { keys, state } = authority();
    await keys.resolve(header);
    const three = publish('three');
    state.answer = () => answerOf({ keys: [three, two] });
    vi.setSystemTime(Date.now() + 31_000);
    await expect(keys.resolve({ ...header, kid: 'three' })).resolves.toBeDefined();
  });

  it('report at once whether the clock is right, even if they are fresh', async () => {
    const { keys, state } = authority();
    await keys.resolve(header);
    await expect(keys.checkClock()).resolves.toBeUndefined();
    const dated = (aheadMs: number) => () =>
      answerOf({ keys: [one] }, { headers: { date: new Date(Date.now() + aheadMs).toUTCString() } });
    state.answer = dated(-6 * 60_000);
    await expect(keys.checkClock()).rejects.toMatchObject({ code: 'sign_in_service_unavailable' });
    state.answer = () => Promise.reject(new HttpFailure('unreachable'));
    await expect(keys.checkClock()).rejects.toMatchObject({ code: 'sign_in_service_unavailable' });
    state.answer = dated(0);
    await expect(keys.checkClock()).resolves.toBeUndefined();
  });

  it.each([
    ['no Date', {}],
    ['an empty Date', { date: '' }],
    ['a Date that is no date', { date: 'now' }],
    ['two Dates', { date: 'Mon, 01 Jun 2026 00:00:00 GMT, Mon, 01 Jun 2026 00:00:00 GMT' }],
  ])('with %s do not count as a comparison of the clock', async (_what, headers) => {
    const { keys, state } = authority();
    expect(keys.clock()).toBe('unknown');
    await keys.resolve(header);
    expect(keys.clock()).toBe('right');
    state.answer = () => answerOf({ keys: [one] }, { headers });
    await expect(keys.checkClock()).rejects.toMatchObject({ code: 'sign_in_service_unavailable' });
    expect(keys.clock()).toBe('unknown');
    // The keys can be used all the same.
    await expect(keys.load()).resolves.toBeUndefined();
    await expect(keys.resolve(header)).resolves.toBeDefined();
  });

  it("tell that this machine's clock is wrong, until it is right", async () => {
    const { keys, state } = authority();
    state.answer = () =>
      answerOf({ keys: [one] }, { headers: { date: new Date(Date.now() + 6 * 60_000).toUTCString() } });
    await keys.load();
    expect(keys.clock()).toBe('wrong');
    await expect(keys.checkClock()).rejects.toMatchObject({ code: 'sign_in_service_unavailable' });
    // As soon as the clock is corrected, this is known.
    state.answer = good;
    await keys.load();
    expect(keys.clock()).toBe('right');
  });
});
