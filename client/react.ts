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

interface SessionStore {
  readonly client: Client;
  /** Another one for each user of the page. */
  readPageNumber(): number;
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
 * Gives the session to everything inside. Create the client once, outside of components. When another user has signed in,
 * everything inside is made anew: no state of a component is shown to the next user.
 */
export function BffProvider(props: { readonly client: Client; readonly children?: ReactNode }): ReactElement {
  const { client, children } = props;
  const store = useMemo(() => createStore(client), [client]);
  useEffect(() => store.start(), [store]);
  const key = useSyncExternalStore(store.subscribe, store.readPageNumber, () => 0);
  return createElement(StoreContext.Provider, { key, value: store }, children);
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
  let pageNumber = 0;
  const change = (more: Partial<SessionState>) => {
    state = { ...state, ...more };
    for (const listener of listeners) listener();
  };
  return {
    client,
    read: () => state,
    readPageNumber: () => pageNumber,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    start() {
      const ask = () => {
        client.session().then(
          (session) => change({ session, status: session.signed_in ? 'signed_in' : 'signed_out' }),
          (error: unknown) => change({ status: 'failed', error }),
        );
      };
      const stops = [
        client.onInteractionChange(() => change({ interaction: client.interaction })),
        client.onSessionChange((event) => {
          const { session } = event;
          if (event.userChanged) {
            pageNumber++;
            change(loading);
            ask();
            return;
          }
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
