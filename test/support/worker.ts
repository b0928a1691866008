import { app } from '@azure/functions';
import { payroll } from '../../examples/guarded-function/payroll.ts';
import { teamCard } from '../../examples/own-function/team-card.ts';
import { whoAmI } from '../../examples/own-function/who-am-i.ts';
import { createApp } from '../../src/app.ts';
import { type Bff, register as registerApp } from '../../src/registration.ts';
import { parseConfig } from '../../src/shared/config/config.ts';
import { readPages } from '../../src/shared/config/pages.ts';
import { readPolicies } from '../../src/shared/config/policies.ts';
import type { Environment } from '../../src/shared/config/setting.ts';
import { createSystem, type System } from '../../src/system.ts';
import { callerRoutes } from './caller-routes.ts';
import { guardedRoutes } from './guarded-routes.ts';
import { reportRoutes } from './report-routes.ts';
import { setClock } from './worker-date.ts';

export { BffError } from '../../src/shared/errors.ts';

/** Functions that an app could add. */
export const extensions = { teamCard, whoAmI, payroll, callerRoutes, guardedRoutes, reportRoutes };

/** The parts of `System` that a test replaces. The rest is real. */
export type ReplaceSystem = (system: System) => System;

/** Registers the app as its cold start does, with replaced parts of `System` and with functions of the examples. */
export function register(
  environment: Environment,
  replace: ReplaceSystem,
  extend?: (bff: Bff) => void,
  startsHealthMonitor = false,
): void {
  const config = parseConfig(environment);
  const original = createSystem(config);
  const system = replace(original);
  if (system.now !== original.now) setClock(system.now);
  const { pages } = readPages(config.pages);
  const created = createApp(config, readPolicies(config), system, pages);
  const bff = registerApp(app, created);
  extend?.(bff);
  if (!startsHealthMonitor) return;
  created.healthMonitor.start();
  app.hook.appTerminate(() => created.healthMonitor.stop());
}
