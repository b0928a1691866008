import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { createAuthority } from '../../../src/shared/entra/authority.ts';
import type { MsalCredential } from '../../../src/shared/entra/client-credential.ts';
import { createCredentialVerdict } from '../../../src/shared/entra/credential-verdict.ts';
import { createCredentialProbe } from '../../../src/shared/health/credential-probe.ts';
import { HttpFailure, type HttpRequest } from '../../../src/shared/network/http-request.ts';

const tenantId = '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01';
const clientId = '5e1f0000-0000-4000-8000-000000000001';
const secret: MsalCredential = { options: { clientSecret: 'a secret' }, check: async () => {} };
const assertion: MsalCredential = {
  options: { clientAssertion: async () => 'a.b.c' },
  check: async () => {},
};

interface Outcome {
  readonly status?: number;
  readonly body?: unknown;
  readonly failure?: Error;
}

async function probe(outcome: Outcome, credential = secret, tenant = tenantId) {
  const credentialVerdict = createCredentialVerdict();
  const sent: HttpRequest[] = [];
  const run = createCredentialProbe({
    entra: { clientId, authority: createAuthority('public', tenant), credential, credentialVerdict },
    cloud: 'public',
    tenantId: tenant,
    sendHttp: async (request) => {
      sent.push(request);
      if (outcome.failure) throw outcome.failure;
      const { status = 400, body } = outcome;
      return {
        status,
        headers: {},
        body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
      };
    },
  });
  await run();
  const form = Object.fromEntries(new URLSearchParams(Buffer.from(sent[0]?.body ?? '').toString()));
  return { verdict: credentialVerdict.last(), sent, form };
}

const refused = (error: string, number: number): Outcome => ({ body: { error, error_codes: [number] } });

describe('the probe of the credential', () => {
  it('asks for a token of the app, with its secret or its assertion', async () => {
    const { sent, form, verdict } = await probe({ status: 200, body: { access_token: 'x' } });
    expect(verdict).toBe('accepted');
    expect(sent[0]?.origin + (sent[0]?.path ?? '')).toBe(
      `https://login.microsoftonline.com/${tenantId}/oauth2/v2.0/token`,
    );
    const common = {
      client_id: clientId,
      grant_type: 'client_credentials',
      scope: 'https://graph.microsoft.com/.default',
    };
    expect(form).toEqual({ ...common, client_secret: 'a secret' });
    expect((await probe({ status: 200, body: {} }, assertion)).form).toEqual({
      ...common,
      client_assertion: 'a.b.c',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    });
  });

  it.each([
    ['a wrong secret', refused('invalid_client', 7000215)],
    ['an expired secret', refused('invalid_client', 7000222)],
    ['an unknown certificate', refused('invalid_client', 700027)],
  ])('finds %s', async (_what, outcome) => {
    expect((await probe(outcome)).verdict).toBe('refused');
  });

  it.each<[string, Outcome]>([
    ['Entra ID cannot be reached', { failure: new HttpFailure('unreachable') }],
    ['Entra ID throttles', { status: 429, body: { error: 'invalid_client', error_codes: [7000215] } }],
    ['Entra ID fails', { status: 503, body: '<html>' }],
    ['the answer is no JSON', { status: 200, body: '<html>' }],
    ['the answer has no token', { status: 200, body: {} }],
    ['a policy blocks the app', refused('invalid_grant', 53003)],
  ])('concludes nothing if %s', async (_what, outcome) => {
    expect((await probe(outcome)).verdict).toBe('unknown');
  });

  it('asks nothing for users of several tenants, and nothing without a usable assertion', async () => {
    expect((await probe({ status: 200, body: { access_token: 'x' } }, secret, 'organizations')).sent).toEqual(
      [],
    );
    const unusable: MsalCredential = {
      options: { clientAssertion: () => Promise.reject(new Error('no identity')) },
      check: async () => {},
    };
    expect(await probe({}, unusable)).toMatchObject({ verdict: 'unknown', sent: [] });
  });
});
