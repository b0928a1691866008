/**
 * Describes an error and its causes for the log: class, code and position. Messages are left out, because MSAL's contain
 * Entra ID's text with names and email addresses, and the table client's contain row keys.
 */
export function describeError(error: unknown): string {
  try {
    return describeChain(error);
  } catch {
    // Even the type check may throw, for example for a revoked proxy.
    return 'unreadable error';
  }
}

function describeChain(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; current !== undefined && depth < 4; depth++) {
    parts.push(describeOne(current));
    current = current instanceof Error ? readField(current, 'cause') : undefined;
  }
  return parts.join(' < ');
}

function describeOne(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const code = publicCode(error);
  const frame = firstFrame(error);
  const named: unknown = readField(error, 'name');
  // A library can set any name. A text that does not look like a class name may contain anything.
  const name = typeof named === 'string' && /^[\w$.]{1,64}$/.test(named) ? named : 'Error';
  return `${name}${code === undefined ? '' : `(${code})`}${frame === undefined ? '' : ` at ${frame}`}`;
}

/** A library may have set a value of any type, and a getter may throw. Writing a log record must not throw. */
function readField(error: Error, name: string): unknown {
  try {
    return Reflect.get(error, name);
  } catch {
    return undefined;
  }
}

const codeFields = ['code', 'errorCode', 'statusCode', 'errorNo'] as const;

function publicCode(error: Error): string | undefined {
  for (const field of codeFields) {
    const value: unknown = readField(error, field);
    if (typeof value === 'number') return String(value);
    if (typeof value === 'string' && /^[\w.-]{1,64}$/.test(value)) return value;
  }
  return undefined;
}

const MAX_FRAME_LENGTH = 1_000;

/**
 * Returns the function and the position of the first stack frame, without the path, which would reveal the machine. A stack
 * begins with the message, whose lines may look like frames. The frame is therefore the line after the message. If the
 * message was changed later, the stack does not contain it, and no frame is returned.
 */
function firstFrame(error: Error): string | undefined {
  const stack: unknown = readField(error, 'stack');
  const message: unknown = readField(error, 'message');
  if (typeof stack !== 'string' || typeof message !== 'string') return undefined;
  const messageAt = stack.indexOf(`${message}\n`);
  if (messageAt === -1) return undefined;
  const frameAt = messageAt + message.length + 1;
  const [line = ''] = stack.slice(frameAt, frameAt + MAX_FRAME_LENGTH).split('\n', 1);
  const match = line.match(/^ {4}at (?:async )?(?:([\w.<>[\] ]{1,100}) \()?.*?([\w.-]+:\d+):\d+\)?$/);
  if (!match) return undefined;
  return match[1] === undefined ? match[2] : `${match[1]} (${match[2]})`;
}
