import type { Client } from 'entra-bff/client';

/** Shows an element and a button to cancel while the client waits for the user. */
export function showWaiting(
  client: Client,
  waiting: Pick<HTMLElement, 'hidden'>,
  cancelButton: Pick<HTMLElement, 'onclick'>,
) {
  // #region waiting
  client.onInteractionChange(() => {
    waiting.hidden = client.interaction === undefined;
  });
  cancelButton.onclick = () => client.cancel();
  // #endregion
}
