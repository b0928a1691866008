import { createServer } from 'node:net';
import { type BrowserProcess, findExecutable, startProcess, waitFor } from './browser-process.ts';
import type { LaunchedEngine } from './engine.ts';
import { capabilities, createWebDriverBrowser, type SendCommand, webDriverCommands } from './web-driver.ts';

const startMs = 60_000;
const commandMs = 15_000;

/** The programs that run WebKitGTK without a screen, and their Debian packages. */
const programs = { WebKitWebDriver: 'webkit2gtk-driver', Xvfb: 'xvfb' } as const;

/** Returns the Debian packages that are missing. */
export const missingForWebKit = (): readonly string[] =>
  Object.entries(programs)
    .filter(([program]) => findExecutable(program) === undefined)
    .map(([, name]) => name);

/** Starts WebKitGTK on a virtual screen of its own, through WebKitWebDriver. */
export async function launchWebKit(): Promise<LaunchedEngine> {
  const missing = missingForWebKit();
  if (missing.length > 0) return { kind: 'missing', reason: `not installed: ${missing.join(', ')}` };
  const started: BrowserProcess[] = [];
  const end = async () => {
    for (const one of started.reverse()) await one.end();
  };
  try {
    const screen = startProcess(
      'Xvfb',
      ['-displayfd', '3', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp'],
      {},
      1,
    );
    started.push(screen);
    const port = await freePort();
    const driver = startProcess('WebKitWebDriver', [`--port=${port}`], {
      DISPLAY: await readDisplay(screen),
      // Tests run as root in containers, where the sandbox cannot start. There is no graphics card.
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
      LIBGL_ALWAYS_SOFTWARE: '1',
      WEBKIT_DISABLE_COMPOSITING_MODE: '1',
    });
    started.push(driver);
    const root = `http://127.0.0.1:${port}`;
    const path = `/session/${await createSession(root)}`;
    const close = async () => {
      await request(root, 'DELETE', path).catch(() => {}); // ends the browser, else the process group does
      await end();
    };
    return {
      kind: 'browser',
      browser: await createWebDriverBrowser(sendOverHttp(root, path), 'window', close),
    };
  } catch (error) {
    const texts = started.map((one) => one.errorText());
    await end();
    throw new Error(`WebKit did not start: ${texts.join('')}`, { cause: error });
  }
}

async function createSession(root: string): Promise<string> {
  const isReady = () =>
    request(root, 'GET', '/status').then(
      () => true,
      () => undefined,
    );
  await waitFor('WebKitWebDriver', isReady, startMs);
  const body = { capabilities: { alwaysMatch: capabilities } };
  const session = await request(root, 'POST', '/session', body, startMs);
  return String(Reflect.get(Object(session), 'sessionId'));
}

const sendOverHttp =
  (root: string, session: string): SendCommand =>
  (command, { id, ...body } = {}) => {
    const [method, path] = webDriverCommands[command];
    return request(
      root,
      method,
      session + path.replace('{id}', String(id)),
      method === 'POST' ? body : undefined,
    );
  };

async function request(
  root: string,
  method: string,
  path: string,
  body?: unknown,
  timeoutMs = commandMs,
): Promise<unknown> {
  const response = await fetch(root + path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const { value } = (await response.json()) as { value: unknown };
  if (response.ok) return value;
  throw new Error(`${Reflect.get(Object(value), 'error')}: ${Reflect.get(Object(value), 'message')}`);
}

/** Xvfb chooses a free display and writes its number to the given file descriptor. */
function readDisplay({ child }: BrowserProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdio[3]?.once('data', (data) => resolve(`:${String(data).trim()}`));
    child.once('exit', () => reject(new Error('Xvfb has ended.')));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('There is no port.');
  return address.port;
}
