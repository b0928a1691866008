import { type GraphAnswer, GraphError, type GraphObject, graphJsonType } from './answers.ts';

/** One call of a batch. */
export interface BatchPart {
  readonly method: string;
  /** Below the version, with its slash. */
  readonly url: string;
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
 * Answers a batch one part after the other: 200, with a status of its own for each; what depends on a failure is 424.
 * @see https://learn.microsoft.com/graph/json-batching
 * @throws {GraphError}
 */
export function answerBatch(body: Buffer, answerPart: (part: BatchPart) => GraphAnswer): GraphAnswer {
  const failed = new Set<unknown>();
  const responses = parseParts(body).map((part): GraphObject => {
    const answer = part.dependsOn?.some((id) => failed.has(id))
      ? { status: 424, body: { error: { code: 'FailedDependency', message: 'Failed Dependency' } } }
      : answerPart(toPart(part));
    if (answer.status >= 400) failed.add(part.id);
    return { id: part.id, ...toResponse(answer) };
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

function toPart({ method, url, body }: WireBatchPart): BatchPart {
  const path = String(url);
  if (/\$batch/i.test(path)) throw new GraphError(400, 'BadRequest', 'Batch requests cannot be nested.');
  return {
    method: String(method),
    url: path.startsWith('/') ? path : `/${path}`,
    body: typeof body === 'string' ? Buffer.from(body, 'base64') : Buffer.from(JSON.stringify(body ?? {})),
  };
}

/** JSON as it is, everything else in base64. */
function toResponse({ status, headers = {}, body }: GraphAnswer): GraphObject {
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
