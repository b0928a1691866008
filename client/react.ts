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
import type { Client, Interaction, Session, SessionEvent } from './client.ts';

/** The session for a component to show. */
export interface SessionState {
  /** `failed`: the session could not be read. `error` has the reason. */
  readonly status: 'loading' | 'signed_in' | 'signed_out' | 'failed';
  readonly session: Session | undefined;
  readonly error: unknown;
  /** Set while the session is about to end. */
  readonly secondsLeft: number | undefined;
  /** What the user is being asked for right now. */
  readonly interaction: Interaction | undefined;
}

/**
 * Called when another user has signed in, before the client makes any call for that user. The provider shows nothing in the
 * meantime. When the function returns, or its promise resolves, everything inside the provider is mounted again for the
 * new user. If the function fails, the page reloads.
 */
export type OnUserChanged = () => void | Promise<void>;

interface SessionStore {
  readonly client: Client;
  /** React's key for the content of the provider. Differs for each user of the page; undefined between two users. */
  readMountKey(): number | undefined;
  setOnUserChanged(onUserChanged: OnUserChanged | undefined): void;
  /** Reads the session and follows its changes. @returns a function that stops following them */
  start(): () => void;
  subscribe(listener: () => void): () => void;
  /** Returns the same object until something changes. */
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
  const key = useSyncExternalStore(store.subscribe, store.readMountKey, () => 0);
  // Nothing is shown between two users, because a component that calls `client.session()` would let old work
  // use the client again.
  return createElement(StoreContext.Provider, { key, value: store }, key === undefined ? null : children);
}

/** Returns the session and the client. The component, which must be inside `BffProvider`, renders again at every change. */
export function useSession(): SessionState & { readonly client: Client } {
  const store = useContext(StoreContext);
  if (store === undefined) throw new Error('useSession must be called inside a BffProvider.');
  const state = useSyncExternalStore(store.subscribe, store.read, () => loading);
  return { ...state, client: store.client };
}

function createStore(client: Client): SessionStore {
  const listeners = new Set<() => void>();
  let state = loading;
  /** Rises when another user signs in. */
  let userNumber = 0;
  let isBetweenUsers = false;
  let onUserChanged: OnUserChanged | undefined;

  function update(changes: Partial<SessionState>): void {
    state = { ...state, ...changes };
    for (const listener of listeners) listener();
  }

  function readSession(): void {
    const user = userNumber;
    client.session().then(
      (session) => {
        if (user === userNumber) update({ session, status: session.signed_in ? 'signed_in' : 'signed_out' });
      },
      (error: unknown) => {
        if (user === userNumber) update({ status: 'failed', error });
      },
    );
  }

  async function changeUser(): Promise<void> {
    const user = ++userNumber;
    isBetweenUsers = true;
    update(loading);
    // The session is not read before a reload, so that the client makes no call in the meantime.
    if (onUserChanged === undefined) return location.reload();
    try {
      await onUserChanged();
    } catch {
      return location.reload();
    }
    // A third user may have signed in meanwhile.
    if (user !== userNumber) return;
    isBetweenUsers = false;
    update({});
    readSession();
  }

  function onSessionEvent(event: SessionEvent): void {
    if (event.userChanged) return void changeUser();
    // The page shows the change when it starts again for the new user.
    if (isBetweenUsers) return;
    const { session } = event;
    const status = session.signed_in ? 'signed_in' : 'signed_out';
    const secondsLeft = event.type === 'expiring' ? event.secondsLeft : undefined;
    update({ status, session, secondsLeft, error: undefined });
  }

  return {
    client,
    read: () => state,
    readMountKey: () => (isBetweenUsers ? undefined : userNumber),
    setOnUserChanged(next) {
      onUserChanged = next;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    start() {
      const stopInteractions = client.onInteractionChange(() => update({ interaction: client.interaction }));
      const stopSession = client.onSessionChange(onSessionEvent);
      readSession();
      return () => {
        stopInteractions();
        stopSession();
      };
    },
  };
}
