import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { findFreePort } from './free-port.ts';

export interface Azurite {
  connectionString: string;
  endpoint: string;
  close(): Promise<void>;
}

// Not a secret: every Azurite has this account with this key, and it listens on loopback only.
const accountName = 'devstoreaccount1';
const accountKey = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

const startTimeoutMs = 30_000;

/** Starts Azurite's table service, in memory, as a child process that ends with this process. */
export async function startAzurite(): Promise<Azurite> {
  for (let attemptsLeft = 3; ; attemptsLeft -= 1) {
    // Azurite can choose a port itself (0) but does not print it. Another process may take this port first, so retry.
    const port = await findFreePort();
    const child = spawnAzurite(port);
    try {
      await untilReady(child);
      const endpoint = `http://127.0.0.1:${port}/${accountName}`;
      return {
        endpoint,
        connectionString: `DefaultEndpointsProtocol=http;AccountName=${accountName};AccountKey=${accountKey};TableEndpoint=${endpoint};`,
        close: () => stop(child),
      };
    } catch (error) {
      await stop(child);
      if (attemptsLeft === 1) throw error;
    }
  }
}

function spawnAzurite(port: number): ChildProcess {
  const options = ['--inMemoryPersistence', '--silent', '--disableTelemetry', '--skipApiVersionCheck'];
  return spawn(
    process.execPath,
    [
      '--import',
      new URL('exit-with-parent.ts', import.meta.url).href,
      createRequire(import.meta.url).resolve('azurite/dist/src/table/main.js'),
      ...options,
      ...['--tableHost', '127.0.0.1', '--tablePort', String(port)],
    ],
    { cwd: tmpdir(), stdio: ['pipe', 'pipe', 'pipe'] },
  );
}

/** Waits for the line that Azurite prints when it listens. */
async function untilReady(child: ChildProcess): Promise<void> {
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`Azurite did not start in time. ${output}`)),
      startTimeoutMs,
    );
    const settle = (action: () => void) => {
      clearTimeout(timer);
      action();
    };
    const read = (chunk: Buffer) => {
      output += chunk;
      if (output.includes('successfully started')) settle(resolve);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', (error) => settle(() => reject(error)));
    child.once('exit', () => settle(() => reject(new Error(`Azurite ended while it started. ${output}`))));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
