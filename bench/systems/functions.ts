import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { startFunctionsHost } from '@entra-bff/functions-host';
import { developmentSettings } from '../../dev/development-settings.ts';
import { findFreePort } from '../../dev/free-port.ts';
import { UserAgent } from '../../test/support/user-agent.ts';
import { signIn } from '../../test/support/world.ts';
import { browserHeaders, runSystem } from '../support/system.ts';

/**
 * Apps in the development host of this repository, with the real library of Azure Functions. It costs what Microsoft's
 * worker costs in this process; the host itself and its connection to the worker are not measured.
 * The first argument is the path of a bundle. With the second one, `signed-in`, a user signs in first.
 */
const [bundle = '', state] = process.argv.slice(2);

runSystem(async ({ upstreamOrigin, entraOrigin, tableConnectionString, path }) => {
  const port = await findFreePort();
  const bffOrigin = `http://localhost:${port}`;
  const host = await startFunctionsHost({
    bundle,
    port,
    appDirectory: fileURLToPath(new URL('../..', import.meta.url)),
    env: {
      ...developmentSettings(
        { bffOrigin, entraOrigin, graphOrigin: upstreamOrigin, tableConnectionString },
        {},
      ),
      // A few users make all calls. The limit is counted, but never reached.
      RATE_LIMIT_CALLS_PER_SECOND: '10000',
    },
  });
  if (host.loadError) throw host.loadError;
  const browser = new UserAgent(host.origin);
  if (state === 'signed-in') await signIn(browser, { user: 'alice' });
  const cookie = [...browser.cookies()].map(([name, value]) => `${name}=${value}`).join('; ');
  return { origin: host.origin, path: `/api/graph${path}`, headers: { ...browserHeaders, cookie } };
});
