import { isObject } from '../body.ts';
import type { GraphCall } from '../call.ts';
import { toId } from '../collection.ts';
import { GraphError, type GraphObject } from '../reply.ts';

/** Returns the attachments of a message. Those of the given messages are invented. */
export function attachmentsOf(_call: GraphCall, message: GraphObject): readonly GraphObject[] {
  const own = message['emulatedAttachments'];
  if (Array.isArray(own)) return own;
  if (message['hasAttachments'] !== true) return [];
  const text = 'Carriage 7, seats 41 and 42.\n';
  return toAttachments(String(message['id']), [
    {
      '@odata.type': '#microsoft.graph.fileAttachment',
      name: 'tickets.txt',
      contentType: 'text/plain',
      contentBytes: Buffer.from(text).toString('base64'),
    },
  ]);
}

/** Reads attachments of a body. @throws {GraphError} if one is no file */
export function toAttachments(messageId: string, given: unknown): GraphObject[] {
  if (!Array.isArray(given)) return [];
  return given.map((one: unknown, at) => {
    const type = isObject(one) ? one['@odata.type'] : undefined;
    if (!isObject(one) || typeof one['name'] !== 'string')
      throw new GraphError(400, 'ErrorInvalidRequest', 'An attachment needs a name.');
    if (type !== '#microsoft.graph.fileAttachment')
      throw new GraphError(
        501,
        'NotImplemented',
        `The emulator does not emulate attachments of the type '${String(type)}'.`,
      );
    const bytes = Buffer.from(String(one['contentBytes'] ?? ''), 'base64');
    return {
      '@odata.type': type,
      id: toId(`${messageId} attachment ${at} ${one['name']}`),
      lastModifiedDateTime: '2026-03-02T09:30:00Z',
      name: one['name'],
      contentType: one['contentType'] ?? 'application/octet-stream',
      size: bytes.length,
      isInline: one['isInline'] ?? false,
      contentId: one['contentId'] ?? null,
      contentLocation: null,
      contentBytes: bytes.toString('base64'),
    };
  });
}
