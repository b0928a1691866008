import { createHash } from 'node:crypto';
import type { Letter, User } from '@entra-bff/directory';
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

/** The message with an attachment. */
const ticketsSubject = 'Your train tickets';

const texts = [
  [
    'Agenda for Thursday',
    'Three points from me: the roadmap, who is on call in December, and the workshop in Oslo.',
  ],
  [ticketsSubject, 'Your booking is confirmed. The tickets are attached; seats 41 and 42 face forward.'],
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

/** Returns the messages of the user's inbox, newest first. The same user always has the same messages. */
export function messagesOf(user: User, now: Date): readonly GraphObject[] {
  const newestMs = Math.floor(now.getTime() / hourMs) * hourMs - hourMs;
  const before = known.get(user);
  if (before?.newestMs === newestMs) return before.messages;
  const messages = writeMessages(user, newestMs);
  known.set(user, { newestMs, messages });
  return messages;
}

function writeMessages(user: User, newestMs: number): GraphObject[] {
  const letters = user.messages ?? inventLetters(user);
  return letters
    .map(({ from, subject, text, isRead, hoursAgo }, at) => {
      const sender = { emailAddress: from };
      return toMessage(
        {
          subject,
          body: { contentType: 'text', content: text },
          from: sender,
          sender,
          toRecipients: [{ emailAddress: { name: user.name, address: user.mail } }],
          isRead,
          isDraft: false,
          hasAttachments: user.messages === undefined && subject === ticketsSubject,
          conversationId: toId(`${user.id} conversation ${subject}`),
        },
        {
          id: `AAMk${createHash('sha256').update(`${user.id} ${at}`).digest('base64url')}=`,
          parentFolderId: folderId(user, 'inbox'),
          instant: new Date(newestMs - hoursAgo * hourMs),
        },
      );
    })
    .toSorted((one, other) => instantOf(other) - instantOf(one));
}

const instantOf = (message: GraphObject) => Date.parse(String(message['receivedDateTime']));

/** The messages of a user for whom the directory has none. */
function inventLetters(user: User): Letter[] {
  return Array.from({ length: messageCount }, (_, at) => {
    const [name, address] = senders[(at * 3 + user.name.length) % senders.length] ?? senders[0];
    const [subject, text] = texts[(at * 5 + user.name.length) % texts.length] ?? texts[0];
    return {
      from: { name, address },
      subject: at < texts.length ? subject : `Re: ${subject}`,
      text: `Dear ${user.givenName},\n\n${text}\n\n${name}`,
      isRead: at > 3,
      hoursAgo: at * at + at * 7,
    };
  });
}
