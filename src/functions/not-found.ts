import { BffError } from '../shared/errors.ts';
import type { Handler } from '../shared/http/endpoint.ts';

/** Every address that no other function serves. */
export const notFound = (): Handler<undefined> => () => {
  throw new BffError('not_found', { detail: 'Check the address.' });
};
