import type { IncomingMessage } from 'node:http';

/**
 * Reserves memory for the next step of a body.
 * @param restBytes the most that the body will reserve after this step
 */
export type ReserveBytes = (bytes: number, restBytes: number) => Promise<void>;

export interface BodyIntakeOptions {
  readonly response: IncomingMessage;
  readonly reserveBytes: ReserveBytes | undefined;
  /** The body's length if it is known, otherwise the maximum. */
  readonly maxBytes: number;
  readonly isLengthKnown: boolean;
  /** A body that holds memory must receive at least {@link MIN_WINDOW_BYTES} in each window of this length. */
  readonly windowMs: number;
  /** Called when the body starts to wait for memory. */
  readonly onPause: () => void;
  /** Called when the body has its memory. */
  readonly onResume: () => void;
  readonly onTooSlow: () => void;
  readonly onError: (error: unknown) => void;
}

export interface BodyIntake {
  /** @param bytes how much of the body has arrived so far */
  received(bytes: number): void;
}

/** A body up to this size reserves no memory. Hundreds of them together take a few dozen megabytes. */
const SMALL_BODY_BYTES = 64 * 1024;
/** How far a reservation runs ahead of the received bytes. A slow response holds at most this much unused memory. */
const STEP_BYTES = 256 * 1024;
const MIN_WINDOW_BYTES = 64 * 1024;

/**
 * Reads a body only as far as there is memory for it. A large body of known length reserves memory before its first byte.
 * A body of unknown length reserves memory once it exceeds {@link SMALL_BODY_BYTES}. A body that holds memory must
 * keep arriving. The time in which it waits for memory does not count.
 */
export function createBodyIntake(options: BodyIntakeOptions): BodyIntake {
  const { response, reserveBytes, maxBytes, isLengthKnown, windowMs } = options;
  if (isLengthKnown && maxBytes <= SMALL_BODY_BYTES) return { received: () => undefined };
  let reservedBytes = 0;
  let receivedBytes = 0;
  let windowStartBytes = 0;
  let window: NodeJS.Timeout | undefined;
  let hasEnded = false;

  const openWindow = () => {
    windowStartBytes = receivedBytes;
    window = setTimeout(() => {
      if (receivedBytes - windowStartBytes < MIN_WINDOW_BYTES) options.onTooSlow();
      else openWindow();
    }, windowMs);
  };
  const resume = () => {
    // `response.complete` may be true although the last chunk is still unread. Only `end` shows that all was read.
    if (hasEnded) return;
    options.onResume();
    openWindow();
    response.resume();
  };
  const reserveStep = () => {
    if (reserveBytes === undefined || reservedBytes >= maxBytes) return;
    const upToBytes = Math.min(receivedBytes + STEP_BYTES, maxBytes);
    const stepBytes = upToBytes - reservedBytes;
    reservedBytes = upToBytes;
    response.pause();
    clearTimeout(window);
    options.onPause();
    reserveBytes(stepBytes, maxBytes - upToBytes).then(resume, options.onError);
  };

  const stop = () => {
    hasEnded = true;
    clearTimeout(window);
  };
  response.once('end', stop).once('close', stop);
  if (isLengthKnown) reserveStep();
  return {
    received(bytes) {
      receivedBytes = bytes;
      if (bytes > (reservedBytes === 0 ? SMALL_BODY_BYTES : reservedBytes)) reserveStep();
    },
  };
}
