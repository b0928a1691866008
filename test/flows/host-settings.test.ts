import { describe, expect, it, onTestFinished } from 'vitest';
import { exampleHostSettings } from '../support/example-settings.ts';
import { sendWire } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type Worker, type WorkerOptions } from '../support/world.ts';

/** Starts the only worker of a world, so that its address is the one to which sign-ins return. */
async function startOnlyWorker(options: WorkerOptions): Promise<Worker> {
  const world = await startWorld();
  onTestFinished(() => world.close());
  grantSignIn(world, undefined, ['Mail.ReadWrite']);
  return world.startWorker(options);
}

describe('a sign-in while the storage account of the host fails', () => {
  it.each(['refuses', 'unreachable', 'frozen'] as const)(
    'works with the host settings of local.settings.example.json: %s',
    async (hostStorage) => {
      const { browser } = await startOnlyWorker({ host: { env: exampleHostSettings, hostStorage } });
      const alice = browser();
      expect((await signIn(alice, { user: 'alice' })).url.pathname).toBe('/');
      expect(await alice.scriptJson('/api/auth/session')).toMatchObject({ name: 'Alice Adams' });
    },
  );

  it('ends in an empty 500 if the keys are not in files', async () => {
    const { AzureWebJobsSecretStorageType: _, ...env } = exampleHostSettings;
    const { browser, logLines } = await startOnlyWorker({ host: { env, hostStorage: 'refuses' } });
    const page = await signIn(browser(), { user: 'alice' });
    expect([page.status, page.body]).toEqual([500, '']);
    expect(logLines.filter((line) => line.includes('callback'))).toEqual([]);
  });
});

describe('with the host settings of local.settings.example.json', () => {
  it('a body above the limit of the service gets its problem, and one above the limit of the host an empty 500', async () => {
    const hostLimitBytes = 1024 + 64 * 1024;
    const { browser } = await startOnlyWorker({
      host: { env: { ...exampleHostSettings, FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: String(hostLimitBytes) } },
      environment: { GRAPH_BODY_LIMIT_BYTES: '1024' },
    });
    const alice = browser();
    await signIn(alice, { user: 'alice' });
    const post = (bytes: number) =>
      alice.script('POST', '/api/graph/v1.0/me/messages', {
        headers: { 'content-length': String(bytes), 'content-type': 'application/json' },
        body: ' '.repeat(bytes),
      });
    const ofService = await post(hostLimitBytes);
    expect([ofService.status, JSON.parse(ofService.body).code]).toEqual([413, 'body_too_large']);
    const ofHost = await post(hostLimitBytes + 1);
    expect([ofHost.status, ofHost.body]).toEqual([500, '']);
    expect(ofHost.headers).not.toHaveProperty('x-content-type-options');
  });

  it('Microsoft’s home page never appears', async () => {
    const { origin } = await startOnlyWorker({ host: { env: exampleHostSettings } });
    const answer = await sendWire(origin, '/', { method: 'PROPFIND' });
    expect([answer.status, answer.body]).toEqual([204, '']);
  });
});
