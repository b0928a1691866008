import type { CheckedQuery, EntityType } from '../odata/entity-type.ts';
import { keywordSearch } from '../odata/keyword-search.ts';
import { GraphError, type GraphObject } from '../reply.ts';

const recipient = { emailAddress: { name: '', address: '' } };
const instant = '2026-01-01T00:00:00Z';
const zoned = { dateTime: '', timeZone: '' };

const messageProperties = {
  id: '',
  bccRecipients: [recipient],
  body: { contentType: '', content: '' },
  bodyPreview: '',
  categories: [''],
  ccRecipients: [recipient],
  changeKey: '',
  conversationId: '',
  conversationIndex: '',
  createdDateTime: instant,
  flag: { flagStatus: '', startDateTime: zoned, dueDateTime: zoned, completedDateTime: zoned },
  from: recipient,
  hasAttachments: true,
  importance: '',
  inferenceClassification: '',
  internetMessageHeaders: [{ name: '', value: '' }],
  internetMessageId: '',
  isDeliveryReceiptRequested: true,
  isDraft: true,
  isRead: true,
  isReadReceiptRequested: true,
  lastModifiedDateTime: instant,
  parentFolderId: '',
  receivedDateTime: instant,
  replyTo: [recipient],
  sender: recipient,
  sentDateTime: instant,
  subject: '',
  toRecipients: [recipient],
  uniqueBody: { contentType: '', content: '' },
  webLink: '',
};

const keywords = {
  '': ['from/emailAddress', 'subject', 'body/content'],
  attachment: ['attachmentNames'],
  bcc: ['bccRecipients'],
  body: ['body/content'],
  cc: ['ccRecipients'],
  from: ['from/emailAddress'],
  hasAttachments: ['hasAttachments'],
  importance: ['importance'],
  participants: ['from/emailAddress', 'toRecipients', 'ccRecipients', 'bccRecipients'],
  received: ['receivedDateTime'],
  recipients: ['toRecipients', 'ccRecipients', 'bccRecipients'],
  sent: ['sentDateTime'],
  subject: ['subject'],
  to: ['toRecipients'],
};

export const mailPaging = { defaultSize: 10, maxSize: 1000, by: '$skip' } as const;

/** @param attachments returns the attachments of a message, for `$expand` */
export function messageType(attachments: (message: GraphObject) => readonly GraphObject[]): EntityType {
  return {
    name: 'message',
    properties: messageProperties,
    always: ['id'],
    defaults: Object.keys(messageProperties).filter(
      (name) => !['internetMessageHeaders', 'uniqueBody'].includes(name),
    ),
    paging: mailPaging,
    search: keywordSearch(keywords),
    check: checkMailQuery,
    navigations: {
      attachments: {
        type: () => attachmentType,
        read: attachments,
        scopes: ['Mail.Read', 'Mail.ReadWrite'],
      },
    },
  };
}

/** The type of bodies that create or change a message. */
export const messageBodyType: EntityType = {
  ...messageType(() => []),
  properties: { ...messageProperties, attachments: [null] },
};

export const attachmentType: EntityType = {
  name: 'fileAttachment',
  properties: {
    id: '',
    contentBytes: '',
    contentId: '',
    contentLocation: '',
    contentType: '',
    isInline: true,
    lastModifiedDateTime: instant,
    name: '',
    size: 0,
  },
  always: ['@odata.type', 'id'],
  paging: mailPaging,
};

/** @see https://learn.microsoft.com/graph/api/user-list-messages#using-filter-and-orderby-in-the-same-query */
function checkMailQuery({ options, filter, orderedBy }: CheckedQuery): void {
  if (options.has('$search')) {
    const other = ['$filter', '$orderby', '$skip', '$count'].find((name) => options.has(name));
    if (other !== undefined) {
      const code =
        { $filter: 'SearchWithFilter', $orderby: 'SearchWithOrderBy' }[other] ?? 'ErrorInvalidUrlQuery';
      throw new GraphError(400, code, `The query parameter '${other}' is not supported with '$search'.`);
    }
  }
  if (filter === undefined) return;
  const filtered = [...new Set(filter.properties)];
  if (orderedBy.some((name, at) => filtered[at] !== name))
    throw new GraphError(
      400,
      'InefficientFilter',
      'The restriction or sort order is too complex for this operation.',
    );
}

/** Returns a whole message. Properties that are not given have the values of a new one. */
export function toMessage(
  given: GraphObject,
  about: { readonly id: string; readonly parentFolderId: string; readonly instant: Date },
): GraphObject {
  const at = about.instant.toISOString().replace(/\.\d{3}Z$/, 'Z');
  const content = Reflect.get(Object(given['body']), 'content');
  const text = typeof content === 'string' ? content : '';
  const changeKey = Buffer.from(`${about.id} ${at}`).toString('base64').slice(-24);
  return {
    '@odata.etag': `W/"${changeKey}"`,
    bccRecipients: [],
    body: { contentType: 'text', content: '' },
    bodyPreview: text.replaceAll(/<[^>]*>/g, '').slice(0, 255),
    categories: [],
    ccRecipients: [],
    changeKey,
    conversationId: about.id,
    conversationIndex: null,
    createdDateTime: at,
    flag: { flagStatus: 'notFlagged' },
    from: null,
    hasAttachments: false,
    importance: 'normal',
    inferenceClassification: 'focused',
    internetMessageHeaders: [],
    internetMessageId: `<${about.id.slice(4, 24)}@contoso.example>`,
    isDeliveryReceiptRequested: false,
    isDraft: true,
    isRead: true,
    isReadReceiptRequested: false,
    lastModifiedDateTime: at,
    parentFolderId: about.parentFolderId,
    receivedDateTime: at,
    replyTo: [],
    sender: null,
    sentDateTime: at,
    subject: '',
    toRecipients: [],
    uniqueBody: given['body'] ?? { contentType: 'text', content: '' },
    webLink: 'https://outlook.office365.com/owa/',
    ...given,
    id: about.id,
  };
}
