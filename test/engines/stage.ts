import { fileURLToPath } from 'node:url';
import { demoClient, demoDirectory } from '@entra-bff/directory';
import {
  type EngineBrowser,
  type EngineName,
  type LaunchedEngine,
  launchEngine,
  openTab,
  type Tab,
} from '@entra-bff/test-browser';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { resetSwitches } from '../../dev/cases.ts';
import { createFrontend } from '../../dev/frontend.ts';
import { serveFolder } from '../../dev/static-files.ts';
import { removeRows } from '../support/table-rows.ts';
import { startTlsFront, type TlsFront } from '../support/tls-front.ts';
import type { UserAgent } from '../support/user-agent.ts';
import { grantSignIn, startWorld, userId, type Worker, type World } from '../support/world.ts';

/** A request for the callback, as the browser sent it. */
export interface CallbackRequest {
  readonly isBounced: boolean;
  readonly cookies: readonly string[];
}

/** One browser in front of the demo page and of an app with a form. */
export interface EngineStage {
  readonly world: World;
  readonly origin: string;
  /** The same app over TLS, with the cookies of a deployment. */
  readonly tlsOrigin: string;
  readonly callbacks: CallbackRequest[];
  /** A browser of another user, which loads no page. */
  otherBrowser(): UserAgent;
  openTab(): Promise<Tab>;
  /** Signs the user in, who has consented to that, and opens the app with the form. */
  openForm(user: string, options?: Readonly<Record<string, string>>): Promise<Tab>;
  formAt(options?: Readonly<Record<string, string>>): string;
}

const users = ['Alice Adams', 'Ben Brown'];

/** Starts the browser and the world before the first test. Before each test, nobody is signed in or has consented. */
export function setEngineStage(engine: EngineName): EngineStage {
  let world: World;
  let launched: LaunchedEngine;
  let front: TlsFront;
  let worker: Worker;
  let tlsOrigin: string;
  const callbacks: CallbackRequest[] = [];

  beforeAll(async () => {
    front = await startTlsFront();
    tlsOrigin = `https://localhost:${front.port}`;
    const registrations = demoDirectory.registrations.map((registration) => {
      if (registration.clientId !== demoClient.clientId) return registration;
      return {
        ...registration,
        redirectUris: [...registration.redirectUris, `${tlsOrigin}/api/auth/callback`],
      };
    });
    world = await startWorld({ ...demoDirectory, registrations });
    const frontend = createAppFrontend(world, callbacks);
    worker = await world.startWorker({ frontend });
    const environment = { PUBLIC_BASE_URL: tlsOrigin };
    const behindTls = await world.startWorker({ frontend, environment });
    front.origins.set(new URL(tlsOrigin).host, behindTls.origin);
    launched = await launchEngine(engine);
  }, 180_000);

  beforeEach(async ({ skip }) => {
    if (launched.kind === 'missing') return skip(launched.reason);
    resetSwitches(world);
    world.entra.signAllUsersOut();
    for (const user of users) world.entra.consents.revoke(userId(user.split(' ')[0]?.toLowerCase() ?? ''));
    await removeRows(world);
    await launched.browser.removeCookies([`${worker.origin}/icon.svg`, `${world.entra.origin}/switches`]);
    callbacks.length = 0;
  });

  afterEach(async () => {
    if (launched.kind === 'missing') return;
    for (const window of await launched.browser.windows()) await window.close();
  });

  afterAll(async () => {
    if (launched?.kind === 'browser') await launched.browser.close();
    await front?.close();
    await world?.close();
  });

  function browser(): EngineBrowser {
    if (launched.kind === 'missing') throw new Error(launched.reason);
    return launched.browser;
  }

  const formAt = (options = {}) => `${worker.origin}/form.html?${new URLSearchParams(options)}`;

  return {
    get world() {
      return world;
    },
    get origin() {
      return worker.origin;
    },
    get tlsOrigin() {
      return tlsOrigin;
    },
    callbacks,
    otherBrowser: () => worker.browser(),
    openTab: () => openTab(browser()),
    formAt,
    async openForm(user, options) {
      grantSignIn(world, user);
      const tab = await openTab(browser());
      const { pathname, search } = new URL(formAt(options));
      await tab.goto(
        `${worker.origin}/api/auth/login?${new URLSearchParams({ return_to: pathname + search })}`,
      );
      await tab.press(new RegExp(user));
      await tab.see('Form');
      await tab.seeText(`signed_in ${user}`, '#user');
      return tab;
    },
  };
}

/** Serves the app with the form and the demo page, and records the requests for the callback. */
function createAppFrontend(world: World, callbacks: CallbackRequest[]) {
  const serveForm = serveFolder(fileURLToPath(new URL('app', import.meta.url)));
  const serveDemo = createFrontend(world);
  return (...[request, response]: Parameters<typeof serveForm>): boolean => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname === '/api/auth/callback') {
      const cookies = (request.headers.cookie ?? '').split('; ').map((pair) => pair.split('=')[0] ?? '');
      callbacks.push({
        isBounced: searchParams.has('bounced'),
        cookies: cookies.filter((name) => name !== ''),
      });
    }
    return serveForm(request, response) || serveDemo(request, response);
  };
}
