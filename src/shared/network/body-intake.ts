import type { IncomingMessage } from 'node:http';

/** Room for the next step of a body. @param restBytes the most that will be asked for after it */
export type ReserveBytes = (bytes: number, restBytes: number) => Promise<void>;

export interface BodyIntakeNeeds {
  readonly response: IncomingMessage;
  readonly reserveBytes: ReserveBytes | undefined;
  /** The body's length where it is known, else the most that it may have. */
  readonly mostBytes: number;
  readonly isLengthKnown: boolean;
  /** Of this much time in which it is read, a body that holds room may bring {@link LEAST_BYTES} and no less. */
  readonly windowMs: number;
  /** Called while there is no room, and as soon as there is. */
  readonly onPause: () => void;
  readonly onResume: () => void;
  readonly onTooSlow: () => void;
  readonly onError: (error: unknown) => void;
}

export interface BodyIntake {
  /** @param bytes of the body so far */
  received(bytes: number): void;
}

/** A body that needs no room of its own: hundreds of these at a time are a few dozen megabytes. */
const SMALL_BODY_BYTES = 64 * 1024;
/** Asked for ahead of what has come: what a slow upstream has not sent yet takes no more from others. */
const STEP_BYTES = 256 * 1024;
const LEAST_BYTES = 64 * 1024;

/**
 * Reads a body only as far as there is room for it: with a length from before its first byte, else from where it is no
 * small one any more. What holds room has to come along: time spent waiting for room does not count.
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
    // A body may have come as a whole, and its last piece not been read: only `end` says that it has.
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
