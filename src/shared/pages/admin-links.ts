export const adminPath = '/api/admin';

/**
 * URL of the console for a search text or an object id.
 * @param proof proves that a page of this service links there, see `admin/console-links.ts`. Only a text that is an object
 * ID needs it.
 */
export function consoleHref(text: string, proof?: string): string {
  const query = { user: text, ...(proof === undefined ? {} : { from: proof }) };
  return `${adminPath}?${new URLSearchParams(query)}`;
}

/** The beginning of the path of every admin route for this user. */
export function userPath(objectId: string): string {
  return `${adminPath}/users/${objectId}`;
}
