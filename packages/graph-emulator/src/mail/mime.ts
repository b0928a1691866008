import { GraphError, type GraphObject } from '../reply.ts';

/**
 * Reads a MIME message that was sent as base64: its recipients, its subject and its text. Parts and encodings are left as they
 * are. Returns undefined if the body is no base64.
 * @throws {GraphError} if it has no recipient
 */
export function parseMime(body: Buffer): GraphObject | undefined {
  const text = body.toString('latin1').trim();
  if (text === '' || !/^[A-Za-z0-9+/=\s]+$/.test(text)) return undefined;
  const [head = '', ...rest] = Buffer.from(text, 'base64')
    .toString('utf8')
    .split(/\r?\n\r?\n/);
  const field = (name: string) =>
    new RegExp(`^${name}:[ \\t]*(.*(?:\\r?\\n[ \\t].*)*)`, 'im')
      .exec(head)?.[1]
      ?.replace(/\r?\n[ \t]+/g, ' ')
      .trim();
  const to = toRecipients(field('To'));
  if (to.length === 0)
    throw new GraphError(400, 'ErrorInvalidRecipients', 'At least one recipient is not valid.');
  return {
    subject: field('Subject') ?? '',
    toRecipients: to,
    ccRecipients: toRecipients(field('Cc')),
    body: { contentType: 'text', content: rest.join('\r\n\r\n') },
  };
}

function toRecipients(list = ''): GraphObject[] {
  return list
    .split(',')
    .filter((one) => one.includes('@'))
    .map((one) => {
      const [, name = '', address = one.trim()] = /^\s*"?([^"<]*?)"?\s*<([^>]+)>\s*$/.exec(one) ?? [];
      return { emailAddress: { name: name || address, address } };
    });
}

/** Writes a message as MIME, without its attachments. */
export function toMime(message: GraphObject): Buffer {
  const to = Array.isArray(message['toRecipients']) ? message['toRecipients'] : [];
  const lines = [
    `From: ${addressOf(message['from'])}`,
    `To: ${to.map(addressOf).join(', ')}`,
    `Subject: ${String(message['subject'])}`,
    `Date: ${new Date(String(message['sentDateTime'])).toUTCString()}`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    '',
    String(Reflect.get(Object(message['body']), 'content')),
  ];
  return Buffer.from(lines.join('\r\n'));
}

function addressOf(recipient: unknown): string {
  const address: unknown = Reflect.get(Object(Reflect.get(Object(recipient), 'emailAddress')), 'address');
  return typeof address === 'string' ? address : '';
}
