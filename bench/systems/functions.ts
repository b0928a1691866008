import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { startFunctionsHost } from '@entra-bff/functions-host';
import { runSystem } from '../support/system.ts';

/**
 * Apps in the development host of this repository, with the real library of Azure Functions. It costs what Microsoft's
 * worker costs in this process; the host itself and its connection to the worker are not measured. The argument is the
 * path of a bundle. This process loads nothing else, because its start and its memory are measured.
 */
const [bundle = ''] = process.argv.slice(2);

runSystem(async ({ port, settings }) => {
  const appDirectory = fileURLToPath(new URL('../..', import.meta.url));
  const host = await startFunctionsHost({ bundle, port, appDirectory, env: settings });
  if (host.loadError) throw host.loadError;
});
