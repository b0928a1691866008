export const adminPath = '/api/admin';

/**
 * Address of the console for a search text or an object id.
 * @param proof shows that a page of this service links there. Omitted for the way back from a sign-in.
 */
export function consoleHref(text: string, proof?: string): string {
  const query = { user: text, ...(proof === undefined ? {} : { from: proof }) };
  return `${adminPath}?${new URLSearchParams(query)}`;
}

/** Path of the administration routes of one user. */
export function userPath(objectId: string): string {
  return `${adminPath}/users/${objectId}`;
}
