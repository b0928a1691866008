import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  deflateRawSync,
  gunzipSync,
  gzipSync,
  inflateRawSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';

/** A compression of text. */
export interface Codec {
  compress(text: string): Buffer;
  decompress(bytes: Buffer): Buffer;
}

const deflate = (level: number): Codec => ({
  compress: (text) => deflateRawSync(text, { level }),
  decompress: (bytes) => inflateRawSync(bytes),
});

const brotli = (quality: number): Codec => ({
  compress: (text) => brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } }),
  decompress: (bytes) => brotliDecompressSync(bytes),
});

const zstd = (level: number): Codec => ({
  compress: (text) => zstdCompressSync(text, { params: { [constants.ZSTD_c_compressionLevel]: level } }),
  decompress: (bytes) => zstdDecompressSync(bytes),
});

/** By default, zlib makes its output in chunks of 16 KiB and joins them. This codec uses a single chunk. */
const zstdInOneChunk = (level: number): Codec => ({
  compress: (text) =>
    zstdCompressSync(text, {
      params: { [constants.ZSTD_c_compressionLevel]: level },
      chunkSize: CHUNK_BYTES,
    }),
  decompress: (bytes) => zstdDecompressSync(bytes, { chunkSize: CHUNK_BYTES }),
});

const CHUNK_BYTES = 64 * 1024;

export const codecs = {
  none: { compress: (text) => Buffer.from(text), decompress: (bytes) => bytes },
  'deflate-raw 1': deflate(1),
  'deflate-raw 6': deflate(6),
  'gzip 1': { compress: (text) => gzipSync(text, { level: 1 }), decompress: (bytes) => gunzipSync(bytes) },
  'brotli 1': brotli(1),
  'brotli 4': brotli(4),
  'zstd 1': zstd(1),
  'zstd 3': zstd(3),
  'zstd 6': zstd(6),
  'zstd 1, one chunk': zstdInOneChunk(1),
} satisfies Record<string, Codec>;
