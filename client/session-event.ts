import type { SignedIn, SignedOut } from './session.ts';

/**
 * `expiring` is sent before a session ends, early enough for a warning. After a `changed`, `expiring` is sent again if the
 * session still ends soon. Otherwise remove the warning: use of the session has postponed a `session_idle` end. Use does
 * not postpone a `session_expired` end.
 */
export type SessionEvent =
  | {
      readonly type: 'signed_in' | 'changed';
      readonly session: SignedIn;
      /**
       * True if the user differs from the last user this page knew. The client makes no call for the new user
       * until the page calls `client.session()`. Clear what the page shows and start again, for example with
       * `location.reload()`.
       */
      readonly userChanged: boolean;
    }
  | { readonly type: 'signed_out'; readonly session: SignedOut; readonly userChanged: false }
  | {
      readonly type: 'expiring';
      readonly session: SignedIn;
      readonly secondsLeft: number;
      readonly reason: 'session_idle' | 'session_expired';
      readonly userChanged: false;
    };
