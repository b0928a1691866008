import type { Directory } from '@entra-bff/directory';

/**
 * Registers the addresses of a service at this origin with each app of the directory, as an administrator would. Of
 * `http://localhost`, every port is registered already.
 */
export function registerAt(directory: Directory, publicBaseUrl: string): Directory {
  return {
    ...directory,
    registrations: directory.registrations.map((registration) => ({
      ...registration,
      redirectUris: [...registration.redirectUris, `${publicBaseUrl}/api/auth/callback`],
      postLogoutRedirectUris: [...registration.postLogoutRedirectUris, `${publicBaseUrl}/`],
    })),
  };
}
