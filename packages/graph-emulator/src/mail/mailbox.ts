import { createHash } from 'node:crypto';
import type { User } from '@entra-bff/directory';
import { toId } from '../collection.ts';
import type { GraphObject } from '../reply.ts';
import { folderId } from './folders.ts';
import { toMessage } from './message-type.ts';

const senders = [
  ['Nora Nilsen', 'nora.nilsen@contoso.example'],
  ['Ravi Rao', 'ravi.rao@contoso.example'],
  ['Tess Taylor', 'tess.taylor@fabrikam.example'],
  ['Oscar Ortiz', 'oscar.ortiz@contoso.example'],
  ['Contoso Travel', 'travel@contoso.example'],
  ['Yuki Yamada', 'yuki.yamada@fabrikam.example'],
  ['Facilities', 'facilities@contoso.example'],
] as const;

const letters = [
  [
    'Agenda for Thursday',
    'Three points from me: the roadmap, who is on call in December, and the workshop in Oslo.',
  ],
  [
    'Your train tickets',
    'Your booking is confirmed. The tickets are attached; seats 41 and 42 face forward.',
  ],
  [
    'Draft of the proposal',
    'Here is the draft we spoke about. Please look at section two before we send it.',
  ],
  ['Lunch tomorrow?', 'The new place by the harbor has a table for four at noon. Are you in?'],
  ['Minutes of the review', 'Thank you all for coming. The decisions and the open questions are below.'],
  ['Meeting room moved', 'Room 2.14 is being painted until Friday. Your meetings have moved to room 3.02.'],
  [
    'Question about the invoice',
    'The amount on page two does not match the order. Could you check with accounting?',
  ],
] as const;

const messageCount = 35;
const hourMs = 60 * 60 * 1000;

/** The messages of this hour, by user. */
const known = new WeakMap<User, { readonly newestMs: number; readonly messages: readonly GraphObject[] }>();

/** Returns the user's messages, newest first. The same user always has the same messages. */
export function messagesOf(user: User, now: Date): readonly GraphObject[] {
  const newestMs = Math.floor(now.getTime() / hourMs) * hourMs - hourMs;
  const before = known.get(user);
  if (before?.newestMs === newestMs) return before.messages;
  const messages = writeMessages(user, newestMs);
  known.set(user, { newestMs, messages });
  return messages;
}

function writeMessages(user: User, newestMs: number): GraphObject[] {
  return Array.from({ length: messageCount }, (_, at) => {
    const [senderName, senderAddress] = senders[(at * 3 + user.name.length) % senders.length] ?? senders[0];
    const [subject, text] = letters[(at * 5 + user.name.length) % letters.length] ?? letters[0];
    const received = new Date(newestMs - at * at * hourMs - at * 7 * hourMs);
    const id = `AAMk${createHash('sha256').update(`${user.id} ${at}`).digest('base64url')}=`;
    const from = { emailAddress: { name: senderName, address: senderAddress } };
    return toMessage(
      {
        subject: at < letters.length ? subject : `Re: ${subject}`,
        bodyPreview: text,
        body: { contentType: 'text', content: `Dear ${user.givenName},\n\n${text}\n\n${senderName}` },
        from,
        sender: from,
        toRecipients: [{ emailAddress: { name: user.name, address: user.mail } }],
        isRead: at > 3,
        isDraft: false,
        hasAttachments: subject === 'Your train tickets',
        conversationId: toId(`${user.id} conversation ${subject}`),
      },
      { id, parentFolderId: folderId(user, 'inbox'), instant: received },
    );
  });
}
