import { KeyObject, verify as verifyBytes } from 'node:crypto';
import { setImmediate as macrotask } from 'node:timers/promises';
import { vi } from 'vitest';

/**
 * Makes a worker's code run to its next wait without leaving this thread, so that the end of its work can be detected.
 *
 * Between two choices, a worker may only run promises. Table, sign-in service and waits are simulated and respond when
 * they are chosen. What remains is jose's WebCrypto, which computes on a thread pool and returns at any time. Here, the
 * same signature is checked synchronously instead. The library that `createMsal` imports on demand is loaded before
 * (`loadMsal`). All that is pending are therefore microtasks, and one macrotask comes after all of them. If this were
 * wrong, a repeated run would find other choices than the first, and `replay` would fail.
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

/** MSAL reads the time from `Date`. Only one worker runs at a time, so `Date` can return that worker's time. */
export function setDate(nowMs: number): void {
  vi.setSystemTime(nowMs);
}

/** Waits until no promise is pending that can settle by itself. */
export async function comeToRest(): Promise<void> {
  await macrotask();
}

function bytesOf(source: BufferSource): Uint8Array {
  return source instanceof ArrayBuffer
    ? new Uint8Array(source)
    : new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
}
