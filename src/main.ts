import { zstdCompressSync } from 'node:zlib';
import { app } from '@azure/functions';
import { registerBff } from './bff.ts';
import { misconfigured } from './functions/misconfigured.ts';
import { readPolicies } from './policy-file.ts';
import { ConfigError, parseConfig } from './shared/config.ts';
import { allMethods } from './shared/http/endpoint.ts';

try {
  if (zstdCompressSync === undefined) {
    throw new ConfigError([
      'Node.js is older than 22.15, which has no zstd; set the version of the function app to 24.',
    ]);
  }
  const config = parseConfig(process.env);
  registerBff(app, config, readPolicies(config));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  const handler = misconfigured(error);
  app.http('zz-misconfigured', { methods: allMethods, route: '{*rest}', authLevel: 'anonymous', handler });
}
