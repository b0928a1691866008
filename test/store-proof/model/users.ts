import { Buffer } from 'node:buffer';
import { createAuthority } from '../../../src/shared/entra/authority.ts';

/** An invented user. Object id and name are canaries, which occur in all tokens and rows of this user. */
export interface ModelUser {
  readonly name: 'alice' | 'bob';
  readonly objectId: string;
}

export const alice: ModelUser = { name: 'alice', objectId: 'a11ce000-52d1-4b6e-9f3a-7c0e4d8b2a01' };
export const bob: ModelUser = { name: 'bob', objectId: 'b0b00000-52d1-4b6e-9f3a-7c0e4d8b2a02' };
export const users: readonly ModelUser[] = [alice, bob];

export const tenantId = '7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01';
export const clientId = '5e1f0000-0000-4000-8000-000000000001';
export const origin = 'https://app.example';
export const authority = createAuthority('public', tenantId);

export const indexKey = Buffer.alloc(32, 99);
export const sealingKey = { id: 1, bytes: Buffer.alloc(32, 1) };

export const startMs = Date.parse('2026-08-01T12:00:00Z');
export const accessTokenLifetimeSeconds = 60 * 60;
