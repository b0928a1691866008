import type { EmulatorRequest } from '@entra-bff/emulator-kit';
import { decodeJwt } from 'jose';

/** A call as it arrived, before anything was checked. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query, byte for byte. */
  readonly target: string;
  /** Names and values in the order they arrived. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  /** The `oid` of the access token, unverified. */
  readonly subject: string | undefined;
}

export function recordRequest({
  method,
  target,
  rawHeaders,
  body,
  headers,
}: EmulatorRequest): RecordedRequest {
  return { method, target, headers: rawHeaders, body, subject: toSubject(headers.authorization) };
}

function toSubject(authorization = ''): string | undefined {
  try {
    const { oid } = decodeJwt(authorization.replace(/^Bearer /i, ''));
    return typeof oid === 'string' ? oid : undefined;
  } catch {
    return undefined;
  }
}
