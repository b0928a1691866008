import { app } from '@azure/functions';
import { createSystem, registerBff, type System } from '../../src/bff.ts';
import { readPolicies } from '../../src/policy-file.ts';
import { parseConfig } from '../../src/shared/config.ts';
import type { Environment } from '../../src/shared/setting-forms.ts';

export { BffError } from '../../src/shared/errors.ts';

/** What a test replaces of the world outside; the rest is real. */
export type ReplaceSystem = (system: System) => System;

/** Registers the app as its cold start does, with parts of the outside world replaced. */
export function register(environment: Environment, replace: ReplaceSystem): void {
  const config = parseConfig(environment);
  registerBff(app, config, readPolicies(config), replace(createSystem(config)));
}
