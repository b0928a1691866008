// Named imports of what an older Node.js does not have fail before this can say so.
import zlib from 'node:zlib';

/** What is wrong with the Node.js that runs the service, with its fix. */
export function runtimeIssues(): readonly string[] {
  if (zlib.zstdCompressSync !== undefined) return [];
  return ['Node.js is older than 22.15 and has no zstd; set the Node.js version of the function app to 24.'];
}
