import type { Client } from 'entra-bff/client';
import { failureOf, problemOf, problemsOf } from 'entra-bff/client/graph';

interface View {
  readonly show: (text: string) => void;
  readonly showButton: (label: string, onClick: () => unknown) => void;
}

/** Shows why a call of a library failed, and offers a button if the user can change it. */
export async function showFailure(client: Client, error: unknown, { show, showButton }: View) {
  // #region failure
  const failure = failureOf(error);
  // The browser is leaving the page.
  if (failure?.name === 'InteractionFailed' && failure.kind === 'redirecting') return;
  const problem = await problemOf(error);
  if (problem?.loginUrl !== undefined) showButton('Ask me', () => client.interact(problem));
  else show(problem?.detail ?? String(error));
  // #endregion
}

/** Shows which parts of a batch the service refused. */
export async function showRefusedParts(response: Response, { show }: View) {
  // #region parts
  for (const [id, { code }] of await problemsOf(response)) show(`${id}: ${code}`);
  // #endregion
}
