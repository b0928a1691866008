import { allowAnonymous } from '../shared/access/guard.ts';
import { BffError } from '../shared/errors.ts';
import { allMethods, type Endpoint } from '../shared/http/endpoint.ts';

/** Whatever no other function serves. */
export const notFound = (endpoint: Endpoint) =>
  endpoint({ methods: allMethods, caller: 'navigation', access: allowAnonymous, page: true }, () => {
    throw new BffError('not_found', { detail: 'No route has this address.' });
  });
