import type { RpcCookie, RpcHttpResponse } from '@entra-bff/functions-host';
import { invoke, startWorker } from '@entra-bff/functions-host';
import { inject } from 'vitest';

export interface LibraryAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly RpcCookie[];
}

/**
 * Calls the deployed bundle with the host's message for a request. There is no HTTP parser in front of it, so headers may
 * contain everything that a host could forward. Values are text, as Kestrel decodes them.
 */
export interface LibraryPath {
  readonly logLines: string[];
  call(
    functionName: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    method?: string,
  ): Promise<LibraryAnswer>;
}

export async function startLibraryPath(env: Readonly<Record<string, string>>): Promise<LibraryPath> {
  const logLines: string[] = [];
  const worker = await startWorker({
    bundle: inject('appBundle'),
    env,
    log: ({ message }) => void logLines.push(message),
  });
  return {
    logLines,
    async call(functionName, path, headers, method = 'GET') {
      const registered = worker.functions.get(functionName);
      if (registered === undefined) throw new Error(`no function ${functionName}`);
      const nullable = Object.entries(headers).map(([name, value]) => [name, { value }] as const);
      const http = {
        method,
        url: `http://localhost${path}`,
        nullableHeaders: Object.fromEntries(nullable),
        nullableQuery: {},
        nullableParams: {},
      };
      return toAnswer(await invoke(worker.core, worker.model, registered, { http }));
    },
  };
}

function toAnswer(answer: RpcHttpResponse | undefined): LibraryAnswer {
  const { bytes, string } = answer?.body ?? {};
  return {
    status: Number(answer?.statusCode ?? 200),
    text: bytes === undefined ? (string ?? '') : Buffer.from(bytes).toString('utf8'),
    headers: answer?.headers ?? {},
    cookies: answer?.cookies ?? [],
  };
}
