/** What the client needs of the browser's window. Tests give one of their own. */
export interface Page {
  readonly location: Pick<Location, 'origin' | 'pathname' | 'search' | 'hash' | 'assign'>;
  readonly history: Pick<History, 'state' | 'replaceState'>;
  /** Missing where pages are rendered on a server: the client then listens to nothing. */
  readonly document?: {
    readonly visibilityState: string;
    addEventListener(type: string, listener: () => void): void;
  };
  /** Reading it throws where a browser forbids storage. */
  readonly sessionStorage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly BroadcastChannel: new (name: string) => TabChannel;
  readonly Date: { now(): number };
  readonly crypto: Pick<Crypto, 'randomUUID'>;
  fetch(url: string, init: RequestInit): Promise<Response>;
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

/** The members of `message` and `pageshow` events that are looked at. */
export interface PageEvent {
  readonly origin?: string;
  readonly data?: unknown;
  readonly persisted?: boolean;
}
