import { Buffer } from 'node:buffer';

/** Collects the chunks of a body in a few large buffers. */
export interface BodyCollector {
  add(chunk: Uint8Array): void;
  byteLength(): number;
  /** Returns the whole body. The collector must not be used afterwards. */
  finish(): Buffer;
}

const FIRST_PAGE_BYTES = 4 * 1024;
const MAX_PAGE_BYTES = 1024 * 1024;

/**
 * Copies the chunks. Otherwise a one-byte chunk would keep alive the whole 64 KiB block in which it arrived.
 * @param announcedBytes the body's length, if known. Then one page holds the body, and `finish` does not copy it.
 */
export function createBodyCollector(announcedBytes: number | undefined): BodyCollector {
  const pages: Buffer[] = [];
  let page = Buffer.alloc(0);
  let used = 0;
  let earlierBytes = 0;

  const startPage = () => {
    if (used > 0) pages.push(page);
    earlierBytes += used;
    used = 0;
    // Doubles the total, up to 1 MiB a page.
    const nextPageBytes = Math.min(Math.max(earlierBytes, FIRST_PAGE_BYTES), MAX_PAGE_BYTES);
    page = Buffer.allocUnsafeSlow(earlierBytes === 0 ? (announcedBytes ?? FIRST_PAGE_BYTES) : nextPageBytes);
  };

  return {
    add(chunk) {
      for (let rest = chunk; rest.byteLength > 0; ) {
        if (used === page.byteLength) startPage();
        const fitting = rest.subarray(0, page.byteLength - used);
        page.set(fitting, used);
        used += fitting.byteLength;
        rest = rest.subarray(fitting.byteLength);
      }
    },
    byteLength: () => earlierBytes + used,
    finish() {
      const last = page.subarray(0, used);
      return pages.length === 0 ? last : Buffer.concat([...pages, last]);
    },
  };
}
