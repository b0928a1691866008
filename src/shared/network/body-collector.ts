import { Buffer } from 'node:buffer';

/** Gathers a body of which many small pieces may come, in few large ones. */
export interface BodyCollector {
  add(chunk: Uint8Array): void;
  bytes(): number;
  /** The whole body; the collector is of no further use. */
  take(): Buffer;
}

const FIRST_PAGE_BYTES = 4 * 1024;
const MAX_PAGE_BYTES = 1024 * 1024;

/**
 * Copies what it is given: a piece of one byte would otherwise keep the block of 64 KiB in which it was received.
 * @param announcedBytes the length, when it is known: the body is then written to its place once
 */
export function createBodyCollector(announcedBytes: number | undefined): BodyCollector {
  const pages: Buffer[] = [];
  let page = Buffer.alloc(0);
  let used = 0;
  let earlierBytes = 0;

  const turnPage = () => {
    if (used > 0) pages.push(page);
    earlierBytes += used;
    used = 0;
    const asLongAsBefore = Math.min(Math.max(earlierBytes, FIRST_PAGE_BYTES), MAX_PAGE_BYTES);
    page = Buffer.allocUnsafeSlow(earlierBytes === 0 ? (announcedBytes ?? FIRST_PAGE_BYTES) : asLongAsBefore);
  };

  return {
    add(chunk) {
      for (let rest = chunk; rest.byteLength > 0; ) {
        if (used === page.byteLength) turnPage();
        const part = rest.subarray(0, page.byteLength - used);
        page.set(part, used);
        used += part.byteLength;
        rest = rest.subarray(part.byteLength);
      }
    },
    bytes: () => earlierBytes + used,
    take() {
      const last = page.subarray(0, used);
      return pages.length === 0 ? last : Buffer.concat([...pages, last]);
    },
  };
}
