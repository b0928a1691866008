import { KeyObject, verify as verifyBytes } from 'node:crypto';
import { setImmediate as macrotask } from 'node:timers/promises';
import { vi } from 'vitest';

/**
 * Makes a worker's code run to its next wait without leaving this thread, so that "it has come to rest" can be known.
 *
 * Between two choices a worker may only do what promises do by themselves. Table, sign-in service and waits are
 * simulated and answer when they are chosen. What is left is jose's WebCrypto, which computes on a pool of threads and
 * comes back whenever it likes: the same check, of the same key and signature, is made here and now instead. The
 * library that `createMsal` imports when first needed is loaded before (`loadMsal`). So all that is pending are microtasks, and one macrotask comes after all of them. Were this wrong, a repeated run would find
 * other choices than the first, which `replay` refuses.
 */
export function runOnOneThread(): void {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.spyOn(crypto.subtle, 'verify').mockImplementation(async (_algorithm, key, signature, data) =>
    verifyBytes('sha256', bytesOf(data), KeyObject.from(key), bytesOf(signature)),
  );
}

export function backToManyThreads(): void {
  vi.restoreAllMocks();
  vi.useRealTimers();
}

/** MSAL reads the time from `Date`. Only one worker runs at a time, so it can be that worker's. */
export function setDate(nowMs: number): void {
  vi.setSystemTime(nowMs);
}

/** Until nothing moves by itself any more. */
export async function comeToRest(): Promise<void> {
  await macrotask();
}

function bytesOf(source: BufferSource): Uint8Array {
  return source instanceof ArrayBuffer
    ? new Uint8Array(source)
    : new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
}
