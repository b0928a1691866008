import { mailPaging } from '../mail/message-type.ts';
import type { EntityType } from '../odata/entity-type.ts';

const instant = '2026-01-01T00:00:00Z';
const zoned = { dateTime: '', timeZone: '' };
const recipient = { emailAddress: { name: '', address: '' } };
const location = {
  displayName: '',
  locationType: '',
  locationUri: '',
  locationEmailAddress: '',
  uniqueId: '',
  uniqueIdType: '',
  address: null,
  coordinates: null,
};
const status = { response: '', time: instant };

export const eventType: EntityType = {
  name: 'event',
  properties: {
    id: '',
    allowNewTimeProposals: true,
    attendees: [{ type: '', status, emailAddress: { name: '', address: '' } }],
    body: { contentType: '', content: '' },
    bodyPreview: '',
    categories: [''],
    changeKey: '',
    createdDateTime: instant,
    end: zoned,
    hasAttachments: true,
    hideAttendees: true,
    iCalUId: '',
    importance: '',
    isAllDay: true,
    isCancelled: true,
    isDraft: true,
    isOnlineMeeting: true,
    isOrganizer: true,
    isReminderOn: true,
    lastModifiedDateTime: instant,
    location,
    locations: [location],
    onlineMeeting: null,
    onlineMeetingProvider: '',
    onlineMeetingUrl: '',
    organizer: recipient,
    originalEndTimeZone: '',
    originalStart: instant,
    originalStartTimeZone: '',
    recurrence: null,
    reminderMinutesBeforeStart: 0,
    responseRequested: true,
    responseStatus: status,
    sensitivity: '',
    seriesMasterId: '',
    showAs: '',
    start: zoned,
    subject: '',
    transactionId: '',
    type: '',
    webLink: '',
  },
  always: ['id'],
  paging: mailPaging,
};

export const calendarType: EntityType = {
  name: 'calendar',
  properties: {
    id: '',
    allowedOnlineMeetingProviders: [''],
    canEdit: true,
    canShare: true,
    canViewPrivateItems: true,
    changeKey: '',
    color: '',
    defaultOnlineMeetingProvider: '',
    hexColor: '',
    isDefaultCalendar: true,
    isRemovable: true,
    isTallyingResponses: true,
    name: '',
    owner: { name: '', address: '' },
  },
  always: ['id'],
  paging: mailPaging,
};

export const reminderType: EntityType = {
  name: 'reminder',
  properties: {
    changeKey: '',
    eventEndTime: zoned,
    eventId: '',
    eventLocation: location,
    eventStartTime: zoned,
    eventSubject: '',
    eventWebLink: '',
    reminderFireTime: zoned,
  },
  always: [],
  paging: mailPaging,
};
