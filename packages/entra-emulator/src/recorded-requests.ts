import type { EmulatorRequest } from '@entra-bff/emulator-kit';

export type RequestKind = 'authorize' | 'token' | 'keys' | 'discovery' | 'logout' | 'admin-consent';

/** A request, for tests to inspect. */
export interface RecordedRequest {
  readonly kind: RequestKind;
  readonly method: string;
  readonly path: string;
  readonly at: Date;
  readonly query: Readonly<Record<string, string>>;
  /** The parsed body without secrets. */
  readonly form: Readonly<Record<string, string>>;
  readonly grantType: string | undefined;
  readonly headers: EmulatorRequest['headers'];
}

const secretFields = new Set(['client_secret', 'client_assertion']);

export function recordRequest(kind: RequestKind, request: EmulatorRequest, at: Date): RecordedRequest {
  return {
    kind,
    method: request.method,
    path: request.path,
    at,
    query: Object.fromEntries(request.query),
    form: Object.fromEntries([...request.form].filter(([name]) => !secretFields.has(name))),
    grantType: request.form.get('grant_type') ?? undefined,
    headers: request.headers,
  };
}
