import { badRequest, type EntraError } from './errors.ts';

/**
 * OAuth's error codes of some AADSTS numbers, for the switch `refreshRefusedWith`. Numbers and meanings are documented. The
 * codes were seen in public reports, and the texts are shortened. Any other number gets `invalid_grant`.
 */
const codes: ReadonlyMap<number, readonly [error: string, text: string]> = new Map([
  [
    50196,
    ['invalid_grant', 'The server terminated an operation because it encountered a client request loop.'],
  ],
  [500011, ['invalid_resource', 'The resource principal was not found in the tenant.']],
  [500014, ['invalid_resource', 'The service principal for the resource is disabled.']],
  [650053, ['invalid_client', 'The application asked for a scope that does not exist on the resource.']],
  [650057, ['invalid_resource', 'Invalid resource. It is not listed in the requested permissions.']],
  [65005, ['invalid_resource', 'The application asked for a resource that it does not list.']],
  [70011, ['invalid_scope', "The provided value for the input parameter 'scope' is not valid."]],
  [90015, ['invalid_request', 'The query string is too long.']],
  [900144, ['invalid_request', "The request body must contain the following parameter: 'scope'."]],
  [9002313, ['invalid_request', 'Invalid request. Request is malformed or invalid.']],
  [700016, ['unauthorized_client', 'The application was not found in the directory.']],
  [7000215, ['invalid_client', 'Invalid client secret provided.']],
  [7000222, ['invalid_client', 'The provided client secret keys are expired.']],
]);

/** The error that a refresh gets for a number. */
export function numberedError(number: number): EntraError {
  const [error, text] = codes.get(number) ?? ['invalid_grant', 'The request was refused.'];
  return badRequest(error, number, text);
}
