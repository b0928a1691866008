/** The parts of the browser's `window` that the client uses. Tests pass their own. */
export interface Page {
  readonly location: Pick<Location, 'origin' | 'pathname' | 'search' | 'hash' | 'assign' | 'replace'>;
  readonly history: Pick<History, 'state' | 'replaceState'>;
  /** Missing while a server renders the page. The client then listens to no events. */
  readonly document?: {
    readonly visibilityState: string;
    addEventListener(type: string, listener: () => void): void;
  };
  /** Reading it throws if the browser forbids storage. */
  readonly sessionStorage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly BroadcastChannel: new (name: string) => TabChannel;
  readonly Date: { now(): number };
  readonly crypto: Pick<Crypto, 'randomUUID'>;
  fetch(input: URL | Request, init: RequestInit): Promise<Response>;
  open(url: string, name: string, features: string): Popup | null;
  setTimeout(run: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  addEventListener(type: string, listener: (event: PageEvent) => void): void;
}

export type Popup = Pick<Window, 'close' | 'closed' | 'focus'>;

export interface TabChannel {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown): void;
}

/** The members of `message` and `pageshow` events that the client reads. */
export interface PageEvent {
  readonly origin?: string;
  readonly data?: unknown;
  readonly persisted?: boolean;
}
