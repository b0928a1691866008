import { waitFor } from './browser-process.ts';
import { type ElementQuery, type EngineBrowser, type EngineWindow, findElement } from './engine.ts';

const timeoutMs = 20_000; // below vitest's own, so that a failure names the step

const selectors = {
  button: 'button, input[type=submit]',
  link: 'a[href]',
  heading: 'h1, h2, h3',
} as const;

/** What a user does in one window or tab, in any engine. Every step waits until it is possible. */
export interface Tab {
  readonly window: EngineWindow;
  goto(url: string): Promise<void>;
  press(button: string | RegExp): Promise<void>;
  /** Presses a button that opens a window, and returns that window. */
  pressForWindow(button: string | RegExp): Promise<Tab>;
  follow(link: string | RegExp): Promise<void>;
  /** Types into the field with this CSS selector; `\n` is the Enter key. */
  type(selector: string, text: string): Promise<void>;
  /** Waits for a heading. */
  see(heading: string | RegExp): Promise<void>;
  /** Waits for a text anywhere on the page, or in the elements of a selector. */
  seeText(text: string | RegExp, selector?: string): Promise<void>;
  /** Waits until the expression is true. */
  until(expression: string): Promise<void>;
  url(): Promise<string>;
  /** Waits until the window has closed. */
  closed(): Promise<void>;
}

/** Opens an empty tab. */
export async function openTab(browser: EngineBrowser): Promise<Tab> {
  return createTab(browser, await browser.open());
}

function createTab(browser: EngineBrowser, window: EngineWindow): Tab {
  /** Repeats a step that fails, because the page may be replaced while the step runs. */
  async function eventually(what: string, step: () => Promise<boolean>): Promise<void> {
    let lastError = '';
    const tried = () =>
      step().then(
        (isDone) => isDone || undefined,
        (error: unknown) => {
          lastError = String(error);
          return undefined;
        },
      );
    await waitFor(what, tried, timeoutMs).catch(async (error: unknown) => {
      throw new Error(`${what}, at ${await describePage()} ${lastError}`, { cause: error });
    });
  }

  const describePage = () =>
    window
      .evaluate(`location.href + ': ' + (document.body?.innerText ?? '').slice(0, 1000)`)
      .catch(() => 'a window that does not answer');

  const exists = (query: ElementQuery) => isThere(window, query);
  const press = (name: string | RegExp) =>
    eventually(`press ${name}`, () => window.click({ selector: selectors.button, name }));

  return {
    window,
    goto: (url) => window.goto(url),
    press,
    async pressForWindow(name) {
      const before = new Set((await browser.windows()).map(({ id }) => id));
      await press(name);
      const opened = await waitFor(
        `a window after ${name}`,
        async () => (await browser.windows()).find(({ id }) => !before.has(id)),
        timeoutMs,
      );
      return createTab(browser, opened);
    },
    follow: (name) => eventually(`follow ${name}`, () => window.click({ selector: selectors.link, name })),
    type: (selector, text) =>
      eventually(`type into ${selector}`, () => window.type({ selector, name: '' }, text)),
    see: (name) => eventually(`see ${name}`, () => exists({ selector: selectors.heading, name })),
    seeText: (name, selector = 'body') => eventually(`see ${name}`, () => exists({ selector, name })),
    until: (expression) => eventually(expression, async () => (await window.evaluate(expression)) === true),
    url: async () => String(await window.evaluate('location.href')),
    async closed() {
      const isClosed = async () => !(await browser.windows()).some(({ id }) => id === window.id) || undefined;
      await waitFor('the window to close', isClosed, timeoutMs);
    },
  };
}

async function isThere(window: EngineWindow, query: ElementQuery): Promise<boolean> {
  return (await window.evaluate(`${findElement(query)} !== null`)) === true;
}
