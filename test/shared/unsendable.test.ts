import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSigningKeys } from '../../src/shared/entra/signing-keys.ts';
import { createGraphClient } from '../../src/shared/graph/graph-client.ts';
import type { CallTokens } from '../../src/shared/interaction/call-token.ts';
import { createHttpSender } from '../../src/shared/network/http-request.ts';
import { createCountCall } from '../../src/shared/proxy/counted-call.ts';
import { createForward, plainReading } from '../../src/shared/proxy/forward.ts';
import { createCallLimits } from '../../src/shared/proxy/limiter.ts';
import { createBodyRoom } from '../../src/shared/proxy/memory-budget.ts';
import { createAzureTable } from '../../src/shared/storage/azure-table.ts';
import { createTokenBreaker } from '../../src/shared/tokens/circuit-breaker.ts';
import { TokenEndpoint } from '../../src/shared/tokens/token-endpoint.ts';
import { type RawUpstream, startRawUpstream } from '../support/raw-upstream.ts';
import { openedSession, sessionContent } from '../support/session-content.ts';

let upstream: RawUpstream;
beforeAll(async () => {
  upstream = await startRawUpstream();
});
afterAll(() => upstream.close());

const now = new Date('2026-08-01T12:00:00Z');
const session = openedSession(sessionContent(), { now });
const monotonicMs = () => performance.now();
const sendHttp = createHttpSender();
const unsendable = ['\u0141', 'a\r\nHost: evil.test', 'a\nb', 'a\0b'];

const tokensThatAre = (accessToken: string) => (): CallTokens => ({
  token: async () => accessToken,
  stillRefused: () => new Error('asked again'),
});

// Each of these was an exception that nobody catches, after the time for a connection: the end of the worker.
describe('a value that no request can have', () => {
  it.each(unsendable)(
    'as access token of the proxy, for Graph and for an own API: %j',
    async (accessToken) => {
      for (const echoesRequestId of ['warn', 'ignore'] as const) {
        const forward = createForward({
          origin: upstream.origin,
          echoesRequestId,
          repeatsRefusedWrites: true,
          bodyLimitBytes: 1024,
          timeoutMs: 1_000,
          bodyRoom: createBodyRoom(),
          now: () => now,
          monotonicMs,
          sendHttp,
          tokensForCall: tokensThatAre(accessToken),
        });
        for (const method of ['GET', 'POST']) {
          const call = {
            id: 'call-1',
            startedMs: monotonicMs(),
            method,
            target: '/me',
            header: () => undefined,
            body: undefined,
          };
          const need = { feature: 'profile', scopes: ['User.Read'], alternatives: [], reading: plainReading };
          await expect(forward(session, { ...call, ...need }, () => undefined)).rejects.toMatchObject({
            code: 'upstream_unreachable',
            status: 502,
            detail: 'A value in the call cannot be sent. Nothing was sent.',
          });
        }
      }
    },
  );

  it.each(unsendable)('as access token, header or address of a composed call: %j', async (value) => {
    const clientOf = (accessToken: string) =>
      createGraphClient({
        origin: upstream.origin,
        echoesRequestId: 'warn',
        bodyLimitBytes: 1024,
        bodyRoom: createBodyRoom(),
        countCall: createCountCall(createCallLimits()),
        timeoutMs: 1_000,
        tokensForCall: tokensThatAre(accessToken),
        sendHttp,
        monotonicMs,
      });
    const need = { feature: 'profile', scopes: ['User.Read'] };
    const log = () => undefined;
    const badToken = clientOf(value).use(session, need, log, (client) => client.api('/me').get());
    await expect(badToken).rejects.toMatchObject({ code: 'upstream_unreachable', status: 502 });
    const badHeader = clientOf('token').use(session, need, log, (client) =>
      client.api('/me').header('prefer', value).get(),
    );
    await expect(badHeader).rejects.toMatchObject({ code: 'upstream_unreachable', status: 502 });
  });

  it.each(unsendable)('as header of a token request: %j', async (value) => {
    const endpoint = new TokenEndpoint(sendHttp, createTokenBreaker(monotonicMs));
    const options = { headers: { 'x-client': value }, body: 'grant_type=refresh_token' };
    const sent = endpoint.sendPostRequestAsync(`${upstream.origin}/token`, options);
    await expect(sent).rejects.toMatchObject({ code: 'sign_in_service_unavailable', status: 503 });
  });

  it('as address of the signing keys', async () => {
    // A host that node:http refuses only when it connects.
    const keys = createSigningKeys('http://127.0.0.1:0/keys', sendHttp, () => now);
    await expect(keys.check()).rejects.toMatchObject({ code: 'sign_in_service_unavailable', status: 503 });
  });

  it.each(['\ud800', ...unsendable])('as key, column or ETag of a row: %j', async (value) => {
    const key = Buffer.alloc(32, 1).toString('base64');
    const connectionString = `DefaultEndpointsProtocol=http;AccountName=stub;AccountKey=${key};TableEndpoint=${upstream.origin}/stub;`;
    const table = createAzureTable(
      { kind: 'connection-string', connectionString, allowInsecure: true },
      'sessions',
    );
    const row = { partitionKey: value, rowKey: 'r', columns: { text: value } };
    const attempts = [
      table.read(row),
      table.insert(row),
      table.replace({ ...row, partitionKey: 'p' }, value),
      table.merge({ ...row, partitionKey: 'p' }, value),
      table.removeUnchanged({ ...row, partitionKey: 'p' }, value),
      table.remove(row),
      table.list({ kind: 'partition', partitionKey: value, rowsFrom: 'a', rowsBefore: 'b' }, [], 1),
    ];
    for (const outcome of await Promise.allSettled(attempts)) {
      if (outcome.status === 'rejected')
        expect(outcome.reason).toMatchObject({ code: 'storage_unavailable' });
    }
  });
});
