/**
 * An error as it may be logged: class, code and where, for it and its causes.
 * Messages stay out: MSAL's carry Entra's text with names and addresses, the table client's carry keys.
 */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; current !== undefined && depth < 4; depth++) {
    parts.push(describeOne(current));
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(' < ');
}

function describeOne(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const code = publicCode(error);
  const frame = firstFrame(error.stack);
  return `${error.name}${code === undefined ? '' : `(${code})`}${frame === undefined ? '' : ` at ${frame}`}`;
}

const codeFields = ['code', 'errorCode', 'statusCode', 'errorNo'] as const;

function publicCode(error: Error): string | undefined {
  for (const field of codeFields) {
    const value: unknown = Reflect.get(error, field);
    if (typeof value === 'number') return String(value);
    if (typeof value === 'string' && /^[\w.-]{1,64}$/.test(value)) return value;
  }
  return undefined;
}

/** Function name and position only: paths in a stack would name the machine. */
function firstFrame(stack: string | undefined): string | undefined {
  const frame = stack?.split('\n').find((line) => /^\s+at /.test(line));
  const match = frame?.match(/at (?:async )?(?:([\w.<>[\] ]+) \()?.*?([\w.-]+:\d+):\d+\)?$/);
  if (!match) return undefined;
  return match[1] === undefined ? match[2] : `${match[1]} (${match[2]})`;
}
