import { BffError } from '../errors.ts';

/** Thrown for a response that belongs to another request, or has rows that were not requested. */
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

/** True if the row is missing, also if the whole table is missing. The first insert creates the table. */
export function isMissingRow(error: unknown): boolean {
  if (isMissingTable(error)) return true;
  // Cosmos DB and older API versions of Table Storage return the second code.
  return hasStatus(error, 404, 'ResourceNotFound') || hasStatus(error, 404, 'EntityNotFound');
}

export function isMissingTable(error: unknown): boolean {
  return hasStatus(error, 404, 'TableNotFound');
}

export function isExistingRow(error: unknown): boolean {
  return hasStatus(error, 409, 'EntityAlreadyExists');
}

/** True if the row no longer has the version that was read. */
export function isChangedRow(error: unknown): boolean {
  return hasStatus(error, 412);
}

/** If `code` is given, also compares the table's error code, which a server in between would not send. */
function hasStatus(error: unknown, statusCode: number, code?: string): boolean {
  if (!(error instanceof Error) || Reflect.get(error, 'statusCode') !== statusCode) return false;
  return code === undefined || tableErrorCode(error) === code;
}

/** The SDK puts the table's error code into `details.odataError.code` (measured). */
function tableErrorCode(error: Error): unknown {
  const details: unknown = Reflect.get(error, 'details');
  const odataError = isRecord(details) ? details['odataError'] : undefined;
  return isRecord(odataError) ? odataError['code'] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
