import { BffProblem, type Client, InteractionFailed } from 'entra-bff/client';

interface MailView {
  readonly show: (messages: unknown) => void;
  readonly showError: (error: unknown) => void;
  readonly showButton: (text: string, onClick: () => void) => void;
}

/** Returns a function that reads and shows mail, and asks for the permission if it is missing. */
export function createMailReader(client: Client, { show, showError, showButton }: MailView) {
  // #region read-mail
  async function readMail() {
    try {
      const response = await client.graph('/me/messages?$top=10&$select=subject,from');
      if (!response.ok) return showError(`Graph: ${response.status}`);
      show((await response.json()).value);
    } catch (error) {
      // The browser is leaving the page.
      if (error instanceof InteractionFailed && error.kind === 'redirecting') return;
      const problem = error instanceof InteractionFailed ? error.problem : error;
      if (problem instanceof BffProblem && problem.loginUrl !== undefined) {
        // From now on, the client asks only after a click.
        showButton('Ask me again', () => client.interact(problem).then(readMail, showError));
      } else {
        showError(error);
      }
    }
  }
  // #endregion
  return readMail;
}
