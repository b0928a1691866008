import { Buffer } from 'node:buffer';

/**
 * Copies bytes that stay in memory for long. Node takes short buffers from a pool, and a slice of it keeps a block of 64 KiB
 * in memory (measured).
 */
export function ownBytes(bytes: Buffer): Buffer {
  const own = Buffer.alloc(bytes.length);
  bytes.copy(own);
  return own;
}
