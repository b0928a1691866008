import { createClient } from 'entra-bff/client';
import { problemOf } from 'entra-bff/client/graph';

export const bff = createClient({ interaction: 'manual' });

/** The name of a file that is not easy to name. */
export const fileName = 'Q1 [draft] #3.docx';

/** A filter with what libraries encode in different ways. */
export const filter = "displayName eq 'Siobhán O''Brien'";
export const namesOf = (users: readonly { displayName: string }[]) =>
  users.map(({ displayName }) => displayName);

/** With its type: the service refuses a body without one. */
export const smallFile = new Blob(['Hello'], { type: 'application/octet-stream' });

/** Two pieces of an upload session, of which all but the last have a multiple of 320 KiB. */
export const pieceBytes = 320 * 1024;
export const largeFile = new Blob([new Uint8Array(pieceBytes + 5).fill(65)]);

/** Status, code and `login_url` of the problem with which a call fails. */
export async function refusalOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
    return 'not refused';
  } catch (error) {
    const problem = await problemOf(error);
    if (problem === undefined) throw error;
    return [problem.status, problem.code, problem.loginUrl !== undefined];
  }
}

export const describeBlob = async (blob: Blob) => [blob.type, (await blob.slice(1, 4).text()).trim()];
