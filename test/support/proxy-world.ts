import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RawUpstream, startRawUpstream } from './raw-upstream.ts';
import { sendWire, type UserAgent, type WireAnswer, type WireRequest } from './user-agent.ts';
import { signIn, startWorld, type Worker, type World } from './world.ts';

const scopes = ['User.Read'];
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
const policy = {
  features: {
    profile: {
      title: 'Profile',
      signIn: true,
      rules: [
        { methods: ['GET'], path: '/v1.0/me', scopes },
        { methods, path: '/v1.0/me/photo/$value', contentTypes: ['*/*'], scopes },
        { methods, path: '/v1.0/me/things/{id}', contentTypes: ['*/*'], scopes },
        {
          methods: ['GET', 'PATCH'],
          path: '/v1.0/me/sheets/{id}',
          query: { $top: { max: 50 } },
          headers: ['Workbook-Session-Id', 'Content-Range'],
          prefer: ['respond-async'],
          scopes,
        },
      ],
    },
  },
};

/** The service in front of an upstream whose bytes a test writes, with users who are signed in. */
export interface ProxyWorld {
  readonly world: World;
  readonly upstream: RawUpstream;
  readonly worker: Worker;
  readonly bodyLimitBytes: number;
  /** Starts another worker with these additional settings. */
  startWorker(environment?: Readonly<Record<string, string>>): Promise<Worker>;
  /** The Cookie header of a user who has signed in at the first worker. */
  cookieOf(user: string): Promise<string>;
  /** Makes a call of Alice's script below `/api/graph/v1.0/me`. */
  call(path: string, request?: WireRequest, to?: Worker): Promise<WireAnswer>;
  close(): Promise<void>;
}

export async function startProxyWorld(bodyLimitBytes = 1024 * 1024): Promise<ProxyWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'policy-'));
  const policyFile = join(folder, 'policy.json');
  writeFileSync(policyFile, JSON.stringify(policy));
  const [world, upstream] = await Promise.all([startWorld(), startRawUpstream()]);
  const startWorker = (environment: Readonly<Record<string, string>> = {}) =>
    world.startWorker({
      environment: {
        GRAPH_POLICY_FILE: policyFile,
        GRAPH_BODY_LIMIT_BYTES: String(bodyLimitBytes),
        DEV_GRAPH_ORIGIN: upstream.origin,
        ...environment,
      },
    });
  const worker = await startWorker();
  const cookieOf = async (user: string) => {
    const browser: UserAgent = worker.browser();
    await signIn(browser, { user });
    return [...browser.cookies()].map(([name, value]) => `${name}=${value}`).join('; ');
  };
  const cookie = await cookieOf('alice');
  return {
    world,
    upstream,
    worker,
    bodyLimitBytes,
    startWorker,
    cookieOf,
    call: (path, request = {}, to = worker) =>
      sendWire(to.origin, `/api/graph/v1.0/me${path}`, {
        ...request,
        headers: { cookie, 'x-csrf': '1', ...request.headers },
      }),
    async close() {
      await Promise.all([world.close(), upstream.close()]);
      rmSync(folder, { recursive: true });
    },
  };
}
