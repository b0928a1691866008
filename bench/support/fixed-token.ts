/** An `Authorization` header with an access token of the size of Entra ID's. */
export const fixedToken = `Bearer ${'x'.repeat(1900)}`;
