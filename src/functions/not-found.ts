import { BffError } from '../shared/errors.ts';
import type { Handler } from '../shared/http/endpoint.ts';

/** Serves every path that no other function serves. */
export const notFound = (): Handler<undefined> => () => {
  throw new BffError('not_found', { detail: 'Check the URL.' });
};
