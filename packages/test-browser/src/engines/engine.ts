/** The browser engines in which the main journeys of users are tested. */
export type EngineName = 'chromium' | 'firefox' | 'webkit';

/** Finds an element by what it is and by its text. */
export interface ElementQuery {
  /** A CSS selector. */
  readonly selector: string;
  /** The `aria-label` or else the visible text has to contain this text or match this expression. */
  readonly name: string | RegExp;
}

/** One window or tab. No method waits for a page to load. */
export interface EngineWindow {
  readonly id: string;
  goto(url: string): Promise<void>;
  back(): Promise<void>;
  reload(): Promise<void>;
  /** Returns the value of an expression as JSON would contain it. */
  evaluate(expression: string): Promise<unknown>;
  /** Clicks as a user does, so the page may open a window. @returns false if no visible element matches */
  click(query: ElementQuery): Promise<boolean>;
  /** Types into a field; `\n` is the Enter key. @returns false if no visible element matches */
  type(query: ElementQuery, text: string): Promise<boolean>;
  /** A PNG. */
  screenshot(): Promise<Buffer>;
  close(): Promise<void>;
}

export interface EngineBrowser {
  /** Opens a tab. */
  open(): Promise<EngineWindow>;
  /** The windows and tabs that are open, in no particular order. */
  windows(): Promise<readonly EngineWindow[]>;
  /** Removes the cookies of the hosts of these pages. */
  removeCookies(urls: readonly string[]): Promise<void>;
  /** Ends the browser and every process that was started for it. */
  close(): Promise<void>;
}

export type LaunchedEngine =
  | { readonly kind: 'browser'; readonly browser: EngineBrowser }
  | { readonly kind: 'missing'; readonly reason: string };

/**
 * Returns an expression whose value is the first visible and enabled element that matches, or else null.
 */
export function findElement({ selector, name }: ElementQuery): string {
  const text = typeof name === 'string' ? name.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&') : name.source;
  const flags = typeof name === 'string' ? '' : name.flags;
  return `([...document.querySelectorAll(${JSON.stringify(selector)})].find((element) =>
    element.checkVisibility() && !element.disabled &&
    new RegExp(${JSON.stringify(text)}, ${JSON.stringify(flags)}).test(
      (element.getAttribute('aria-label') ?? (element.innerText || element.textContent)).trim())) ?? null)`;
}
