import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCredentialVerdict } from '../../src/shared/entra/credential-verdict.ts';
import { createSigningKeys } from '../../src/shared/entra/signing-keys.ts';
import { createGraphClient } from '../../src/shared/graph/client.ts';
import { createHttpSender } from '../../src/shared/network/http-request.ts';
import { createCustomApi } from '../../src/shared/proxy/custom-api.ts';
import { createSendWithToken } from '../../src/shared/proxy/send-with-token.ts';
import { createUpstreamBreaker } from '../../src/shared/proxy/upstream-breaker.ts';
import { toCaller } from '../../src/shared/session/caller.ts';
import { createAzureTable } from '../../src/shared/storage/azure-table.ts';
import { createCircuitBreaker } from '../../src/shared/tokens/circuit-breaker.ts';
import { TokenEndpoint } from '../../src/shared/tokens/token-endpoint.ts';
import { apiDependencies, apiRequest, openApiPolicy } from '../support/api-calls.ts';
import { type RawUpstream, startRawUpstream } from '../support/raw-upstream.ts';
import { openedSession, sessionContent } from '../support/session-content.ts';

let upstream: RawUpstream;
beforeAll(async () => {
  upstream = await startRawUpstream();
});
afterAll(() => upstream.close());

const now = new Date('2026-08-01T12:00:00Z');
const caller = toCaller(openedSession(sessionContent(), { now }));
const monotonicMs = () => performance.now();
const sendHttp = createHttpSender();
const unsendable = ['\u0141', 'a\r\nHost: evil.test', 'a\nb', 'a\0b'];

const dependenciesWith = (accessToken: string) => ({
  ...apiDependencies(sendHttp, now, async (session) => ({
    kind: 'token',
    accessToken,
    expiresAt: now,
    session,
  })),
  timeoutMs: 1_000,
  monotonicMs,
});

// Each of these once caused an uncaught exception that ended the worker.
describe('a value that cannot be sent', () => {
  it.each(unsendable)('fails the call as an access token for an API: %j', async (accessToken) => {
    for (const requestIdCheck of ['warn', 'ignore'] as const) {
      const options = {
        name: 'orders',
        origin: upstream.origin,
        requestIdCheck,
        policy: openApiPolicy(),
        ownPrefix: 'https://app.example/api/orders',
      };
      const api = createCustomApi(options, dependenciesWith(accessToken));
      for (const method of ['GET', 'POST']) {
        const request = apiRequest(method, { startedMs: monotonicMs() });
        await expect(api.call(caller, request, () => undefined)).rejects.toMatchObject({
          code: 'upstream_unreachable',
          status: 502,
          detail: 'A value in the call cannot be sent. Nothing was sent.',
        });
      }
    }
  });

  it.each(unsendable)(
    'fails the call as an access token or header of a function’s call: %j',
    async (value) => {
      const clientOf = (accessToken: string) => {
        const dependencies = dependenciesWith(accessToken);
        const api = {
          name: 'graph',
          origin: upstream.origin,
          requestIdCheck: 'warn',
          repeatsRefusedWrites: true,
        } as const;
        const sendWithToken = createSendWithToken(api, dependencies);
        const upstreamBreaker = createUpstreamBreaker({ upstream: 'graph', ...dependencies });
        return createGraphClient(upstream.origin, { ...dependencies, sendWithToken, upstreamBreaker });
      };
      const options = { feature: 'profile', scopes: ['User.Read'], log: () => undefined };
      await expect(clientOf(value).get(caller, '/me', options)).rejects.toMatchObject({
        code: 'upstream_unreachable',
        status: 502,
      });
      const headers = { prefer: value };
      await expect(clientOf('token').get(caller, '/me', { ...options, headers })).rejects.toMatchObject({
        code: 'request_invalid',
      });
    },
  );

  it.each(unsendable)('fails the call as a header of a token request: %j', async (value) => {
    const endpoint = new TokenEndpoint(
      sendHttp,
      createCircuitBreaker(monotonicMs),
      createCredentialVerdict(),
    );
    const options = { headers: { 'x-client': value }, body: 'grant_type=refresh_token' };
    const sent = endpoint.sendPostRequestAsync(`${upstream.origin}/token`, options);
    await expect(sent).rejects.toMatchObject({ code: 'sign_in_service_unavailable', status: 503 });
  });

  it('fails the request as an address of the signing keys', async () => {
    // node:http refuses this host only when it connects.
    const keys = createSigningKeys('http://127.0.0.1:0/keys', sendHttp, () => now);
    await expect(keys.load()).rejects.toMatchObject({ code: 'sign_in_service_unavailable', status: 503 });
  });

  it.each(['\ud800', ...unsendable])(
    'fails the operation as a key, column or ETag of a row: %j',
    async (value) => {
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
    },
  );
});
