import type { IncomingHttpHeaders } from 'node:http';

export type OperationKind = 'read' | 'query' | 'insert' | 'replace' | 'merge' | 'delete' | 'table';
export type RowKind = 'session' | 'tombstone' | 'sid' | 'expires' | 'other';

/** A request to the table service, as far as its address, headers and body show it. */
export interface TableOperation {
  readonly kind: OperationKind;
  readonly row: RowKind;
  /** Whether a merge or replacement takes a lease. */
  readonly leases: boolean;
}

/** Reads a request of Microsoft's SDK (OData over HTTP), without its signature. */
export function readOperation(
  method: string,
  target: string,
  headers: IncomingHttpHeaders,
  body: string,
): TableOperation {
  const path = decodeURIComponent(target.split('?')[0] ?? '');
  const entity = /\(PartitionKey='([^']*)',RowKey='([^']*)'\)/.exec(path);
  const kind = kindOf(method, path, headers, entity !== null);
  if (kind === 'insert') {
    return { kind, row: rowOf(fieldOf(body, 'PartitionKey'), fieldOf(body, 'RowKey')), leases: false };
  }
  if (kind === 'table' || kind === 'query') return { kind, row: 'other', leases: false };
  const leases = (fieldOf(body, 'leaseId') ?? '') !== '';
  return { kind, row: rowOf(entity?.[1], entity?.[2]), leases };
}

function kindOf(
  method: string,
  path: string,
  headers: IncomingHttpHeaders,
  namesEntity: boolean,
): OperationKind {
  if (/\/Tables(?:\(|$)/.test(path)) return 'table';
  switch (headers['x-http-method'] ?? method) {
    case 'GET':
      return namesEntity ? 'read' : 'query';
    case 'PUT':
      return 'replace';
    case 'PATCH':
    case 'MERGE':
      return 'merge';
    case 'DELETE':
      return 'delete';
    default:
      return 'insert';
  }
}

function rowOf(partitionKey = '', rowKey = ''): RowKind {
  if (partitionKey.startsWith('sid-')) return 'sid';
  if (partitionKey.startsWith('expires-')) return 'expires';
  if (rowKey.startsWith('session-')) return 'session';
  return rowKey === 'tombstone' ? 'tombstone' : 'other';
}

function fieldOf(body: string, name: string): string | undefined {
  try {
    const value: unknown = Reflect.get(Object(JSON.parse(body)), name);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined; // The request has no body.
  }
}
