import { createHash } from 'node:crypto';
import { GraphError, type GraphObject } from './answers.ts';
import type { Member } from './directory-objects.ts';
import { letters } from './letters.ts';

const dayMs = 24 * 60 * 60 * 1000;
const hourMs = 60 * 60 * 1000;
const minuteMs = 60 * 1000;

/** A person's messages, newest first: the same ids and texts at every start, with times that end shortly before now. */
export function listMessages(member: Member, now: Date): readonly GraphObject[] {
  // Times hang on the hour, so that pages fetched one after the other tell the same times.
  const newest = Math.floor(now.getTime() / hourMs) * hourMs - 7 * minuteMs;
  return letters.map((letter, position) => {
    const ageMs = position * 9.4 * hourMs + ((position * 37) % 50) * minuteMs;
    return toMessage(member, position, letter, new Date(newest - ageMs));
  });
}

/** The message with that id. */
export function requireMessage(member: Member, id: string, now: Date): GraphObject {
  const message = listMessages(member, now).find((one) => one['id'] === id);
  if (message === undefined) {
    throw new GraphError(404, 'ErrorItemNotFound', 'The specified object was not found in the store.');
  }
  return message;
}

/** What Graph sends of a message even when `$select` does not name it. */
export const alwaysSentOfItem: readonly string[] = ['@odata.etag', 'id'];

/** A few appointments of this and the next days. */
export function listEvents(member: Member, now: Date): readonly GraphObject[] {
  const today = Math.floor(now.getTime() / dayMs) * dayMs;
  return appointments.map(([subject, place, dayOffset, startHour, hours], position) => {
    const start = today + dayOffset * dayMs + startHour * hourMs;
    return {
      ...toItem(member, 'event', position),
      subject,
      bodyPreview: '',
      isAllDay: hours === 24,
      isCancelled: false,
      isOrganizer: position % 2 === 0,
      start: toDateTime(start),
      end: toDateTime(start + hours * hourMs),
      location: { displayName: place },
      organizer: { emailAddress: { name: member.user.name, address: member.user.mail } },
      attendees: [],
    };
  });
}

const appointments: readonly (readonly [
  subject: string,
  place: string,
  dayOffset: number,
  startHour: number,
  hours: number,
])[] = [
  ['Stand-up', 'Room 2.14', 0, 9, 0.25],
  ['Roadmap', 'Room 1.01', 0, 10, 1],
  ['Lunch with Theo', 'Noodle place', 0, 12.5, 1],
  ['Stand-up', 'Room 2.14', 1, 9, 0.25],
  ['Interview', 'Online', 1, 14, 1],
  ['Trip to Lyon', 'Lyon', 2, 0, 24],
  ['Review of the quarter', 'Room 3.02', 4, 15, 1.5],
];

function toMessage(
  member: Member,
  position: number,
  { from, subject, text }: (typeof letters)[number],
  at: Date,
): GraphObject {
  const sender = { emailAddress: { name: from[0], address: from[1] } };
  const body = text.replaceAll('{name}', member.user.givenName);
  const instant = `${at.toISOString().slice(0, 19)}Z`;
  return {
    ...toItem(member, 'message', position),
    createdDateTime: instant,
    lastModifiedDateTime: instant,
    receivedDateTime: instant,
    sentDateTime: instant,
    hasAttachments: position % 11 === 3,
    internetMessageId: `<${toDigest(member, 'message', position).toString('hex').slice(0, 24)}@mail.example>`,
    subject,
    bodyPreview: body.slice(0, 255),
    importance: position % 13 === 2 ? 'high' : 'normal',
    isRead: ![0, 1, 2, 5, 9, 14].includes(position),
    isDraft: false,
    webLink: 'https://outlook.example/mail/',
    inferenceClassification: 'focused',
    body: { contentType: 'text', content: body },
    sender,
    from: sender,
    toRecipients: [{ emailAddress: { name: member.user.name, address: member.user.mail } }],
    ccRecipients: [],
    bccRecipients: [],
    replyTo: [],
    flag: { flagStatus: 'notFlagged' },
  };
}

/** Ids as long and as odd as Exchange's: letters, digits, `-`, `_` and a final `=`. */
function toItem(member: Member, kind: string, position: number): GraphObject {
  const digest = toDigest(member, kind, position);
  return {
    '@odata.etag': `W/"${digest.subarray(0, 18).toString('base64')}"`,
    id: `AAMkAG${Buffer.concat([digest, digest.subarray(0, 48)]).toString('base64url')}AAA=`,
  };
}

function toDigest(member: Member, kind: string, position: number): Buffer {
  return createHash('sha512').update(`${member.id} ${kind} ${position}`).digest();
}

function toDateTime(ms: number) {
  return { dateTime: `${new Date(ms).toISOString().slice(0, 23)}0000`, timeZone: 'UTC' };
}
