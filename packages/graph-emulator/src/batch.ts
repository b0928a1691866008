import { GraphError, type GraphObject, type GraphReply, graphJsonType } from './reply.ts';

/** One call of a batch. */
export interface BatchPart {
  readonly method: string;
  /** Path below the version, with its leading slash. */
  readonly url: string;
  /** Names are in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

interface WireBatchPart {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly url?: unknown;
  readonly body?: unknown;
  readonly headers?: unknown;
  readonly dependsOn?: readonly unknown[];
}

/**
 * Handles the parts of a batch one after the other. The status is 200; each part has its own status. A part that depends on
 * a failed one gets 424.
 * @see https://learn.microsoft.com/graph/json-batching
 * @throws {GraphError}
 */
export function handleBatch(body: Buffer, handlePart: (part: BatchPart) => GraphReply): GraphReply {
  const failed = new Set<unknown>();
  const responses = parseParts(body).map((part): GraphObject => {
    const reply = part.dependsOn?.some((id) => failed.has(id))
      ? { status: 424, body: { error: { code: 'FailedDependency', message: 'Failed Dependency' } } }
      : handlePart(toPart(part));
    if (reply.status >= 400) failed.add(part.id);
    return { id: part.id, ...toResponse(reply) };
  });
  return { status: 200, body: { responses } };
}

function parseParts(body: Buffer): WireBatchPart[] {
  let parsed: { requests?: WireBatchPart[] };
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    throw new GraphError(400, 'BadRequest', 'Invalid batch payload format.');
  }
  const parts = parsed.requests ?? [];
  const ids = parts.map(({ id }) => String(id).toLowerCase());
  if (parts.length === 0 || parts.length > 20)
    throw new GraphError(
      400,
      'BadRequest',
      'Number of batch request steps must be greater than zero and not exceed the maximum value of 20.',
    );
  if (new Set(ids).size !== ids.length)
    throw new GraphError(400, 'BadRequest', 'Duplicate ids in the batch request.');
  return parts;
}

function toPart({ method, url, headers, body }: WireBatchPart): BatchPart {
  const path = String(url);
  if (/\$batch/i.test(path)) throw new GraphError(400, 'BadRequest', 'Batch requests cannot be nested.');
  return {
    method: String(method),
    url: path.startsWith('/') ? path : `/${path}`,
    headers: new Map(
      Object.entries(Object(headers)).map(([name, value]) => [name.toLowerCase(), String(value)]),
    ),
    body:
      typeof body === 'string'
        ? Buffer.from(body, 'base64')
        : Buffer.from(body === undefined ? '' : JSON.stringify(body)),
  };
}

/** JSON bodies stay JSON; everything else becomes base64. */
function toResponse({ status, headers = {}, body }: GraphReply): GraphObject {
  const isBytes = body instanceof Uint8Array;
  return {
    status,
    headers: {
      'Cache-Control': 'no-cache',
      ...(body === undefined || isBytes ? {} : { 'Content-Type': graphJsonType }),
      ...Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [
          name === 'content-type' ? 'Content-Type' : name,
          value,
        ]),
      ),
    },
    ...(body === undefined ? {} : { body: isBytes ? Buffer.from(body).toString('base64') : body }),
  };
}
