import { describe, expect, it } from 'vitest';
import { createAuthority } from '../../../src/shared/entra/authority.ts';
import { createCredentialVerdict } from '../../../src/shared/entra/credential-verdict.ts';
import { createCircuitBreakers } from '../../../src/shared/tokens/circuit-breaker.ts';
import { createMsal } from '../../../src/shared/tokens/msal.ts';

const authority = createAuthority('public', '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01');

/** Token requests of a sign-in or of a user's renewals to an Entra ID that always responds with 429. */
async function askThrottled(times: number, user?: string) {
  const breakers = createCircuitBreakers(() => 0);
  let sent = 0;
  const createClient = createMsal({
    authority,
    clientId: 'client',
    credential: { options: { clientSecret: 'secret' }, check: () => Promise.resolve() },
    credentialVerdict: createCredentialVerdict(),
    sendHttp: async () => {
      sent++;
      return { status: 429, headers: { 'retry-after': '20' }, body: Buffer.from('{}') };
    },
    breakers,
  });
  for (let time = 0; time < times; time++) {
    const { tokenEndpoint } = await createClient(user === undefined ? {} : { user });
    const asked = tokenEndpoint.sendPostRequestAsync(authority.tokenEndpoint, {
      body: 'grant_type=refresh_token&refresh_token=1.AX',
    });
    await expect(asked).rejects.toMatchObject({ code: 'sign_in_service_unavailable', retryAfterSeconds: 20 });
  }
  const paused = ['ben', 'mia'].map((name) => breakers.forUser(name).pausedSeconds());
  return { sent, paused, pausedSignIns: breakers.forSignIns.pausedSeconds() };
}

describe('a throttled redemption of a refresh token', () => {
  it('in a sign-in for a further API delays neither renewals nor other sign-ins', async () => {
    expect(await askThrottled(10)).toEqual({
      sent: 10,
      paused: [undefined, undefined],
      pausedSignIns: undefined,
    });
  });

  it('for a signed-in user pauses this user', async () => {
    expect(await askThrottled(10, 'ben')).toEqual({
      sent: 1,
      paused: [20, undefined],
      pausedSignIns: undefined,
    });
  });
});
