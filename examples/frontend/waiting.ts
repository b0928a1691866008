import type { Client } from 'entra-bff/client';

/** Shows an element while the client waits for the user, with a button to cancel and, if a click is needed, one to continue. */
export function showWaiting(
  client: Client,
  waiting: Pick<HTMLElement, 'hidden'>,
  continueButton: Pick<HTMLElement, 'hidden' | 'onclick'>,
  cancelButton: Pick<HTMLElement, 'onclick'>,
) {
  // #region waiting
  client.onInteractionChange(() => {
    const { interaction } = client;
    waiting.hidden = interaction === undefined;
    continueButton.hidden = interaction?.proceed === undefined;
  });
  continueButton.onclick = () => client.interaction?.proceed?.();
  cancelButton.onclick = () => client.cancel();
  // #endregion
}
