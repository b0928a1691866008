import {
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useSyncExternalStore,
} from 'react';
import type { Client, Interaction, Session } from './client.ts';

/** What a component shows of the session; the same object until something changes. */
export interface SessionState {
  /** `failed`: the server could not be asked, `error` says why. */
  readonly status: 'loading' | 'signed_in' | 'signed_out' | 'failed';
  readonly session: Session | undefined;
  readonly error: unknown;
  /** Set while the session is about to end. */
  readonly secondsLeft: number | undefined;
  /** What the person is being asked right now. */
  readonly interaction: Interaction | undefined;
}

/**
 * Called when another user has signed in, before any request is made for that user. The page shows nothing in
 * the meantime. When this returns, or its promise resolves, everything inside the provider is mounted anew for
 * the new user.
 */
export type OnUserChanged = () => void | Promise<void>;

interface SessionStore {
  readonly client: Client;
  /** Differs for each user of the page; undefined between two users. */
  readPageNumber(): number | undefined;
  setOnUserChanged(onUserChanged: OnUserChanged | undefined): void;
  /** Asks the server for the first time. @returns what stops listening */
  start(): () => void;
  subscribe(listener: () => void): () => void;
  read(): SessionState;
}

const loading: SessionState = {
  status: 'loading',
  session: undefined,
  error: undefined,
  secondsLeft: undefined,
  interaction: undefined,
};

const StoreContext = createContext<SessionStore | undefined>(undefined);

/**
 * Provides the session to all components inside. Create the client once, outside components. When another user
 * has signed in, the page reloads. The reload ends the work of old components, which could otherwise continue
 * as the new user. `onUserChanged` replaces the reload in an app that ends such work itself.
 */
export function BffProvider(props: {
  readonly client: Client;
  readonly onUserChanged?: OnUserChanged;
  readonly children?: ReactNode;
}): ReactElement {
  const { client, onUserChanged, children } = props;
  const store = useMemo(() => createStore(client), [client]);
  useEffect(() => store.setOnUserChanged(onUserChanged), [store, onUserChanged]);
  useEffect(() => store.start(), [store]);
  const key = useSyncExternalStore(store.subscribe, store.readPageNumber, () => 0);
  // Nothing is shown between two users, because a component that calls `client.session()` would let old work
  // use the client again.
  return createElement(StoreContext.Provider, { key, value: store }, key === undefined ? null : children);
}

/** The session and the client, in a component inside `BffProvider`; the component follows every change. */
export function useSession(): SessionState & { readonly client: Client } {
  const store = useContext(StoreContext);
  if (store === undefined) throw new Error('useSession needs a BffProvider around the component.');
  const state = useSyncExternalStore(store.subscribe, store.read, () => loading);
  return { ...state, client: store.client };
}

function createStore(client: Client): SessionStore {
  const listeners = new Set<() => void>();
  let state = loading;
  let users = 0;
  let isBetweenUsers = false;
  let onUserChanged: OnUserChanged | undefined;
  const change = (more: Partial<SessionState>) => {
    state = { ...state, ...more };
    for (const listener of listeners) listener();
  };
  return {
    client,
    read: () => state,
    readPageNumber: () => (isBetweenUsers ? undefined : users),
    setOnUserChanged(next) {
      onUserChanged = next;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    start() {
      const ask = () => {
        const askedFor = users;
        client.session().then(
          (session) => {
            if (askedFor === users)
              change({ session, status: session.signed_in ? 'signed_in' : 'signed_out' });
          },
          (error: unknown) => {
            if (askedFor === users) change({ status: 'failed', error });
          },
        );
      };
      const changeUser = async () => {
        const mine = ++users;
        isBetweenUsers = true;
        change(loading);
        // Not requested here, so that the client makes no call until the page has reloaded.
        if (onUserChanged === undefined) return location.reload();
        try {
          await onUserChanged();
        } catch {
          return location.reload();
        }
        // A third user may have signed in meanwhile.
        if (mine !== users) return;
        isBetweenUsers = false;
        change({});
        ask();
      };
      const stops = [
        client.onInteractionChange(() => change({ interaction: client.interaction })),
        client.onSessionChange((event) => {
          const { session } = event;
          if (event.userChanged) {
            void changeUser();
            return;
          }
          // The page shows the change when it starts anew for the new user.
          if (isBetweenUsers) return;
          const status = session.signed_in ? 'signed_in' : 'signed_out';
          const secondsLeft = event.type === 'expiring' ? event.secondsLeft : undefined;
          change({ status, session, secondsLeft, error: undefined });
        }),
      ];
      ask();
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}
