import { app } from '@azure/functions';
import { registerBff } from './bff.ts';
import { misconfigured } from './functions/misconfigured.ts';
import { readPolicy } from './policy-file.ts';
import { ConfigError, parseConfig } from './shared/config.ts';
import { allMethods } from './shared/http/endpoint.ts';

try {
  const config = parseConfig(process.env);
  registerBff(app, config, readPolicy(config.graph.policyFile));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  const handler = misconfigured(error);
  app.http('zz-misconfigured', { methods: allMethods, route: '{*rest}', authLevel: 'anonymous', handler });
}
