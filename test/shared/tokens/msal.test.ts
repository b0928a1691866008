import type { ICachePlugin } from '@azure/msal-node';
import { expect, it } from 'vitest';
import { createAuthority } from '../../../src/shared/entra/authority.ts';
import { createCredentialVerdict } from '../../../src/shared/entra/credential-verdict.ts';
import { createCircuitBreakers } from '../../../src/shared/tokens/circuit-breaker.ts';
import { createMsal } from '../../../src/shared/tokens/msal.ts';

const accountOf = (uid: string) => ({
  [`${uid}.tenant-login.windows.net-tenant`]: {
    home_account_id: `${uid}.tenant`,
    environment: 'login.windows.net',
    realm: 'tenant',
    local_account_id: uid,
    username: `${uid}@contoso.example`,
    authority_type: 'MSSTS',
  },
});

it('an MSAL client drops tokens that are no longer in the stored cache, although MSAL only adds when it loads', {
  tags: ['TC-1'],
}, async () => {
  const createMsalClient = createMsal({
    authority: createAuthority('public', 'tenant'),
    clientId: 'client',
    credential: { options: { clientSecret: 'secret' }, check: () => Promise.resolve() },
    credentialVerdict: createCredentialVerdict(),
    sendHttp: () => Promise.reject(new Error('nothing is sent')),
    breakers: createCircuitBreakers(() => 0),
  });
  let stored = accountOf('alice');
  const plugin: ICachePlugin = {
    beforeCacheAccess: async ({ tokenCache }) => tokenCache.deserialize(JSON.stringify({ Account: stored })),
    afterCacheAccess: async () => {},
  };
  const { application } = await createMsalClient({ plugin });
  const accounts = async () =>
    (await application.getTokenCache().getAllAccounts()).map(({ localAccountId }) => localAccountId);
  expect(await accounts()).toEqual(['alice']);
  stored = accountOf('ben');
  expect(await accounts()).toEqual(['ben']);
});
