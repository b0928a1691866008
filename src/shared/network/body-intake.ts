import type { IncomingMessage } from 'node:http';

/** Reserves room for the next step of a body. @param restBytes the most that the body will ask for after this step */
export type ReserveBytes = (bytes: number, restBytes: number) => Promise<void>;

export interface BodyIntakeNeeds {
  readonly response: IncomingMessage;
  readonly reserveBytes: ReserveBytes | undefined;
  /** The body's length if it is known, otherwise the most bytes that it may have. */
  readonly mostBytes: number;
  readonly isLengthKnown: boolean;
  /** In each such window of reading time, a body that holds room must bring at least {@link LEAST_BYTES}. */
  readonly windowMs: number;
  /** Called when the body starts to wait for room. */
  readonly onPause: () => void;
  /** Called when the body has its room. */
  readonly onResume: () => void;
  readonly onTooSlow: () => void;
  readonly onError: (error: unknown) => void;
}

export interface BodyIntake {
  /** @param bytes how much of the body has arrived so far */
  received(bytes: number): void;
}

/** A body up to this size reserves no room: hundreds of them at a time are a few dozen megabytes. */
const SMALL_BODY_BYTES = 64 * 1024;
/** How far a reservation runs ahead of the received bytes. A slow upstream takes no more room than this from others. */
const STEP_BYTES = 256 * 1024;
const LEAST_BYTES = 64 * 1024;

/**
 * Reads a body only as far as there is room for it. A large body of known length reserves room before its first byte.
 * A body of unknown length reserves room once it is larger than a small one. A body that holds room must keep arriving.
 * Time spent waiting for room does not count.
 */
export function createBodyIntake(needs: BodyIntakeNeeds): BodyIntake {
  const { response, reserveBytes, mostBytes, isLengthKnown, windowMs } = needs;
  let reservedBytes = 0;
  let receivedBytes = 0;
  let windowStartBytes = 0;
  let window: NodeJS.Timeout | undefined;
  let isOver = false;

  const openWindow = () => {
    windowStartBytes = receivedBytes;
    window = setTimeout(() => {
      if (receivedBytes - windowStartBytes < LEAST_BYTES) needs.onTooSlow();
      else openWindow();
    }, windowMs);
  };
  const resume = () => {
    // The whole body may have arrived while its last piece is still unread. Only `end` reports that all was read.
    if (isOver) return;
    needs.onResume();
    openWindow();
    response.resume();
  };
  const askForStep = () => {
    if (reserveBytes === undefined || reservedBytes >= mostBytes) return;
    const upToBytes = Math.min(receivedBytes + STEP_BYTES, mostBytes);
    const stepBytes = upToBytes - reservedBytes;
    reservedBytes = upToBytes;
    response.pause();
    clearTimeout(window);
    needs.onPause();
    reserveBytes(stepBytes, mostBytes - upToBytes).then(resume, needs.onError);
  };

  const stop = () => {
    isOver = true;
    clearTimeout(window);
  };
  response.once('end', stop).once('close', stop);
  if (isLengthKnown && mostBytes > SMALL_BODY_BYTES) askForStep();
  return {
    received(bytes) {
      receivedBytes = bytes;
      if (bytes > (reservedBytes === 0 ? SMALL_BODY_BYTES : reservedBytes)) askForStep();
    },
  };
}
