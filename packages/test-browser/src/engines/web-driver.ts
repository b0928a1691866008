import { waitFor } from './browser-process.ts';
import { type ElementQuery, type EngineBrowser, type EngineWindow, findElement } from './engine.ts';

/**
 * The commands of W3C WebDriver that the tests use: method and path over HTTP, and the name in Marionette, Firefox's own
 * form of the same protocol.
 */
export const webDriverCommands = {
  newWindow: ['POST', '/window/new', 'WebDriver:NewWindow'],
  window: ['GET', '/window', 'WebDriver:GetWindowHandle'],
  windows: ['GET', '/window/handles', 'WebDriver:GetWindowHandles'],
  switchTo: ['POST', '/window', 'WebDriver:SwitchToWindow'],
  closeWindow: ['DELETE', '/window', 'WebDriver:CloseWindow'],
  goto: ['POST', '/url', 'WebDriver:Navigate'],
  back: ['POST', '/back', 'WebDriver:Back'],
  reload: ['POST', '/refresh', 'WebDriver:Refresh'],
  evaluate: ['POST', '/execute/sync', 'WebDriver:ExecuteScript'],
  click: ['POST', '/element/{id}/click', 'WebDriver:ElementClick'],
  type: ['POST', '/element/{id}/value', 'WebDriver:ElementSendKeys'],
  screenshot: ['GET', '/screenshot', 'WebDriver:TakeScreenshot'],
  removeCookies: ['DELETE', '/cookie', 'WebDriver:DeleteAllCookies'],
} as const;

export type WebDriverCommand = keyof typeof webDriverCommands;

/** Sends one command and returns its value. */
export type SendCommand = (
  command: WebDriverCommand,
  parameters?: Readonly<Record<string, unknown>>,
) => Promise<unknown>;

/** The capabilities of every session. With another page load strategy, commands wait for pages that never finish loading. */
export const capabilities = {
  acceptInsecureCerts: true,
  pageLoadStrategy: 'none',
  timeouts: { script: 3000, pageLoad: 10_000, implicit: 0 },
};

/** The key of a reference to an element (W3C WebDriver, 12.1). */
const elementKey = 'element-6066-11e4-a52e-4f735466cecf';

/**
 * @param kind of the windows that the tests open
 * @param close ends the browser
 */
export async function createWebDriverBrowser(
  send: SendCommand,
  kind: 'tab' | 'window',
  close: () => Promise<void>,
): Promise<EngineBrowser> {
  let current = String(await send('window'));
  /** The window that the browser opened at its start. It stays open, because a browser ends with its last window. */
  const first = current;
  let last: Promise<unknown> = Promise.resolve();

  /** Commands are for the current window, so one action has to end before the next begins. */
  function inTurn<Value>(action: () => Promise<Value>): Promise<Value> {
    const mine = last.then(action);
    last = mine.catch(() => {});
    return mine;
  }

  async function switchTo(id: string): Promise<void> {
    if (id !== current) await send('switchTo', { handle: id });
    current = id;
  }

  const windowOf = (id: string) =>
    createWindow(id, (action) =>
      inTurn(async () => {
        await switchTo(id);
        return action(send);
      }),
    );

  return {
    open: () => inTurn(async () => windowOf(readHandle(await send('newWindow', { type: kind })))),
    windows: () =>
      inTurn(async () => readTexts(await send('windows')).filter((id) => id !== first)).then((ids) =>
        ids.map(windowOf),
      ),
    async removeCookies(urls) {
      const blank = windowOf(first);
      for (const url of urls) {
        await blank.goto(url);
        const arrived = async () =>
          (await blank.evaluate('location.href').catch(() => '')) === url || undefined;
        await waitFor(url, arrived, 20_000);
        await inTurn(() => send('removeCookies'));
      }
    },
    close,
  };
}

type Act = <Value>(action: (send: SendCommand) => Promise<Value>) => Promise<Value>;

function createWindow(id: string, act: Act): EngineWindow {
  const find = async (send: SendCommand, query: ElementQuery) => {
    const found = await send('evaluate', { script: `return ${findElement(query)}`, args: [] });
    return found === null ? undefined : String(Reflect.get(Object(found), elementKey));
  };
  return {
    id,
    goto: (url) => act(async (send) => void (await send('goto', { url }))),
    back: () => act(async (send) => void (await send('back'))),
    reload: () => act(async (send) => void (await send('reload'))),
    // Not `execute/async`: WebKitWebDriver waits for a promise even after its page has been replaced.
    evaluate: (expression) => act((send) => send('evaluate', { script: `return ${expression}`, args: [] })),
    click: (query) =>
      act(async (send) => {
        const element = await find(send, query);
        if (element !== undefined) await send('click', { id: element });
        return element !== undefined;
      }),
    type: (query, text) =>
      act(async (send) => {
        const element = await find(send, query);
        const keys = text.replaceAll('\n', '\uE007'); // Enter (W3C WebDriver, 17.4.2)
        if (element !== undefined) await send('type', { id: element, text: keys });
        return element !== undefined;
      }),
    screenshot: () => act(async (send) => Buffer.from(String(await send('screenshot')), 'base64')),
    close: () => act(async (send) => void (await send('closeWindow'))),
  };
}

const readHandle = (answer: unknown) => String(Reflect.get(Object(answer), 'handle'));

const readTexts = (answer: unknown) => (Array.isArray(answer) ? answer.map(String) : []);
