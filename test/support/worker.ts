import { app } from '@azure/functions';
import { type Bff, createSystem, registerBff, type System } from '../../src/bff.ts';
import { readPolicies } from '../../src/policy-file.ts';
import { parseConfig } from '../../src/shared/config.ts';
import type { Environment } from '../../src/shared/setting-forms.ts';

export { teamCard } from '../../examples/own-function/team-card.ts';
export { BffError } from '../../src/shared/errors.ts';

/** What a test replaces of the world outside; the rest is real. */
export type ReplaceSystem = (system: System) => System;

/** Registers the app as its cold start does, with parts of the outside world replaced, and functions of the examples. */
export function register(
  environment: Environment,
  replace: ReplaceSystem,
  extend?: (bff: Bff) => void,
): void {
  const config = parseConfig(environment);
  const bff = registerBff(app, config, readPolicies(config), replace(createSystem(config)));
  extend?.(bff);
}
