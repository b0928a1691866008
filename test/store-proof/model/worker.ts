import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { createLogout, type Logout } from '../../../src/shared/auth/logout.ts';
import { createKeyRing } from '../../../src/shared/crypto/key-ring.ts';
import { keyedHash } from '../../../src/shared/crypto/keyed-hash.ts';
import type { RandomBytes } from '../../../src/shared/crypto/seal.ts';
import { createTextSealer } from '../../../src/shared/crypto/sealed-text.ts';
import { createCredentialVerdict } from '../../../src/shared/entra/credential-verdict.ts';
import type { SendHttp } from '../../../src/shared/network/http-request.ts';
import { createSessionStore, type SessionStore } from '../../../src/shared/session/store.ts';
import { createSweep, type Sweep } from '../../../src/shared/session/sweep.ts';
import type { Table } from '../../../src/shared/storage/table.ts';
import type { Log } from '../../../src/shared/telemetry/log.ts';
import type { AcquireAccessToken } from '../../../src/shared/tokens/access-token.ts';
import { createCircuitBreakers } from '../../../src/shared/tokens/circuit-breaker.ts';
import { type CodeFlow, createCodeFlow } from '../../../src/shared/tokens/code-flow.ts';
import { createMsal } from '../../../src/shared/tokens/msal.ts';
import type { RenewIdentity, RenewIdentityAhead } from '../../../src/shared/tokens/renew-identity.ts';
import { createRenewals } from '../../../src/shared/tokens/renewals.ts';
import { signingKeys } from './id-tokens.ts';
import { noBug, type PlantedBug } from './planted-bugs.ts';
import { authority, clientId, indexKey, origin, sealingKey, tenantId } from './users.ts';

const credentialVerdict = createCredentialVerdict();
const credential = { options: { clientSecret: 'secret' }, check: () => Promise.resolve() };

/** Loads the library that a worker loads on demand. */
export async function loadMsal(): Promise<void> {
  const sendHttp = () => Promise.reject(new Error('nothing is sent'));
  const breakers = createCircuitBreakers(() => 0);
  await createMsal({ authority, clientId, credential, credentialVerdict, sendHttp, breakers })();
}

/** The part of the product for sessions and tokens, wired as in `bff.ts`. */
export interface Worker {
  readonly store: SessionStore;
  readonly acquireAccessToken: AcquireAccessToken;
  readonly renewIdentity: RenewIdentity;
  readonly renewIdentityAhead: RenewIdentityAhead;
  readonly sweep: Sweep;
  readonly codeFlow: CodeFlow;
  readonly logout: Logout;
  readonly random: RandomBytes;
  rowIdOf(state: string): Buffer;
}

export interface WorkerNeeds {
  readonly table: Table;
  readonly sendHttp: SendHttp;
  readonly now: () => Date;
  readonly monotonicMs: () => number;
  readonly wait: (durationMs: number) => Promise<void>;
  readonly random: RandomBytes;
  readonly idleSeconds: number;
  /** How long a worker serves a cached session without a read. */
  readonly cacheSeconds: number;
  readonly absoluteSeconds: number;
  readonly maxPerUser?: number;
  /** For renewals that no activity waits for. */
  readonly log: Log;
  readonly bug?: PlantedBug;
}

export function createWorker(needs: WorkerNeeds): Worker {
  const { sendHttp, now, monotonicMs, wait, random, absoluteSeconds, log, bug = noBug } = needs;
  const table = bug.table(needs.table);
  const keyRing = createKeyRing([sealingKey]);
  const idTokenRules = {
    clientId,
    allowedTenants: new Set([tenantId]),
    allowsGuests: true,
    issuerOf: authority.issuerOf,
    signingKeys,
    now,
  };
  const breakers = createCircuitBreakers(monotonicMs);
  const createMsalClient = bug.createMsal(
    createMsal({ authority, clientId, credential, credentialVerdict, sendHttp, breakers }),
  );
  const store = bug.store(
    createSessionStore({ ...needs, registration: ['client', 'public'], table, keyRing, indexKey }),
  );
  const { acquireAccessToken, renewIdentity, renewIdentityAhead } = createRenewals({
    authority,
    signInScopes: ['User.Read'],
    createMsalClient,
    store,
    idTokenRules,
    breakers,
    random,
    now,
    monotonicMs,
    wait,
    workerLog: log,
  });
  const sealer = (purpose: 'form-token' | 'logout-pending') =>
    createTextSealer({ keyRing, purpose, now, random });
  return {
    store,
    acquireAccessToken,
    renewIdentity,
    renewIdentityAhead,
    sweep: createSweep({ table, now, monotonicMs }),
    codeFlow: createCodeFlow({ createMsalClient, redirectUri: `${origin}/api/auth/callback`, idTokenRules }),
    logout: createLogout({
      store,
      formSealer: sealer('form-token'),
      pendingSealer: sealer('logout-pending'),
      endSessionEndpoint: authority.endSessionEndpoint,
      postLogoutRedirectUri: `${origin}/`,
      absoluteSeconds,
      now,
    }),
    random,
    rowIdOf: (state) => keyedHash(indexKey, ['login-transaction', state]),
  };
}

/**
 * Bytes that are the same in every run. A single byte is requested for random jitter of a wait. It is 0, because the
 * scheduler chooses the times of waits.
 */
export function createRepeatableRandom(name: string, onSecret: (secret: Buffer) => void): RandomBytes {
  let count = 0;
  return (size) => {
    if (size === 1) return Buffer.alloc(1);
    if (size > 32) throw new Error('more than one hash of random bytes');
    const bytes = createHash('sha256').update(`${name} ${++count}`).digest().subarray(0, size);
    if (size === 32) onSecret(bytes);
    return bytes;
  };
}
