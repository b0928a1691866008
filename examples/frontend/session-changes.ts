import type { Client, Session } from 'entra-bff/client';

interface SessionView {
  readonly warning: Pick<HTMLElement, 'hidden'>;
  readonly showWarning: (secondsLeft: number, reason: string) => void;
  readonly showUser: (session: Session) => void;
}

/** Shows the user, and a warning before the session ends. */
export function showSession(client: Client, { warning, showWarning, showUser }: SessionView) {
  // #region changes
  client.onSessionChange((event) => {
    warning.hidden = event.type !== 'expiring';
    if (event.type === 'expiring') showWarning(event.secondsLeft, event.reason);
    else showUser(event.session);
  });
  // #endregion
}

/** Starts the page anew if another user signs in. */
export function reloadForAnotherUser(client: Client, location: Pick<Location, 'reload'>) {
  // #region another-user
  client.onSessionChange(({ userChanged }) => userChanged && location.reload());
  // #endregion
}
