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

/** A way to make bytes smaller, and back. */
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

/** In one piece: by default zlib makes its answer of pieces of 16 KiB and joins them. */
const zstdInOnePiece = (level: number): Codec => ({
  compress: (text) =>
    zstdCompressSync(text, {
      params: { [constants.ZSTD_c_compressionLevel]: level },
      chunkSize: PIECE_BYTES,
    }),
  decompress: (bytes) => zstdDecompressSync(bytes, { chunkSize: PIECE_BYTES }),
});

const PIECE_BYTES = 64 * 1024;

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
  'zstd 1, one piece': zstdInOnePiece(1),
} satisfies Record<string, Codec>;
