import { BffError } from '../errors.ts';

/** A response that belongs to another request, or rows that were not asked for. */
export class MismatchedResponse extends Error {
  override readonly name = 'MismatchedResponse';
}

export function storageUnavailable(cause: unknown): BffError {
  if (cause instanceof BffError) return cause;
  return new BffError('storage_unavailable', {
    detail: 'The session store did not respond as expected. No data was lost and no user was signed out.',
    cause,
    retryAfterSeconds: 2,
  });
}

/** The row is missing. If the whole table is missing, so is the row: the first sign-in creates the table. */
export function isMissingRow(error: unknown): boolean {
  if (isMissingTable(error)) return true;
  // Cosmos DB and older API versions of the service use the second name.
  return hasStatus(error, 404, 'ResourceNotFound') || hasStatus(error, 404, 'EntityNotFound');
}

export function isMissingTable(error: unknown): boolean {
  return hasStatus(error, 404, 'TableNotFound');
}

export function isExistingRow(error: unknown): boolean {
  return hasStatus(error, 409, 'EntityAlreadyExists');
}

/** The row has another version than the one that was read. */
export function isChangedRow(error: unknown): boolean {
  return hasStatus(error, 412);
}

/** Checks the service's own code too. A status alone proves nothing, because a server in between may have sent it. */
function hasStatus(error: unknown, statusCode: number, code?: string): boolean {
  if (!(error instanceof Error) || Reflect.get(error, 'statusCode') !== statusCode) return false;
  return code === undefined || tableErrorCode(error) === code;
}

/** The SDK keeps the service's code in `details.odataError.code` (measured). */
function tableErrorCode(error: Error): unknown {
  const details: unknown = Reflect.get(error, 'details');
  const odataError = isRecord(details) ? details['odataError'] : undefined;
  return isRecord(odataError) ? odataError['code'] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
