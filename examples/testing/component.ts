import assert from 'node:assert/strict';
import { createFakeClient } from 'entra-bff/testing';

/** The part of your app that is tested. */
export interface MailList {
  readonly texts: readonly string[];
  refresh(): Promise<void>;
}

/** @param createMailList creates the component with a client, as your app does */
export async function showsSubjects(
  createMailList: (client: ReturnType<typeof createFakeClient>) => MailList,
): Promise<void> {
  // #region test
  const client = createFakeClient({ name: 'Ben Brown' });
  client.respond('/me/messages', { value: [{ subject: 'Your first order' }] });
  const list = createMailList(client);
  await list.refresh();
  assert.deepEqual(list.texts, ['Your first order']);
  assert.equal(client.calls[0]?.path, '/me/messages?$select=subject');
  // #endregion
}
