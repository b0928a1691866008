/** Reasons why a rule does not require the least permission by Microsoft's reference. */
export interface Exception {
  readonly why: string;
  readonly documentation: string;
}

const withoutBody = 'Mail.ReadBasic leaves out the body, its preview and the attachments.';
const basicNeedsAdministrator =
  'Calendars.ReadBasic needs an administrator by the reference, which Calendars.Read does not, and leaves out the body.';
const calendar = (page: string): Exception => ({
  why: basicNeedsAdministrator,
  documentation: `https://learn.microsoft.com/graph/api/${page}#permissions`,
});

/** By call. If the reference has a gap, the page of the call is the source. */
export const exceptions: Readonly<Record<string, Exception>> = {
  'GET /v1.0/me/messages': {
    why: withoutBody,
    documentation: 'https://learn.microsoft.com/graph/api/user-list-messages#permissions',
  },
  'GET /v1.0/me/mailFolders/inbox/messages': {
    why: withoutBody,
    documentation: 'https://learn.microsoft.com/graph/api/mailfolder-list-messages#permissions',
  },
  'GET /v1.0/me/mailFolders/{folder}/messages': {
    why: withoutBody,
    documentation: 'https://learn.microsoft.com/graph/api/mailfolder-list-messages#permissions',
  },
  'GET /v1.0/me/messages/{id}/attachments/{attachment}': {
    why: 'The reference has the list of attachments and not one of them; the permission is the list’s.',
    documentation: 'https://learn.microsoft.com/graph/api/attachment-get#permissions',
  },
  'GET /v1.0/me/calendars': calendar('user-list-calendars'),
  'GET /v1.0/me/calendarView': calendar('user-list-calendarview'),
  'GET /v1.0/me/events': calendar('user-list-events'),
  'GET /v1.0/me/events/{id}': calendar('event-get'),
  'POST /v1.0/me/calendar/getSchedule': calendar('calendar-getschedule'),
  'GET /v1.0/users/{id}/photo/$value': {
    why: 'User.Read, the least by the reference, reads only the photo of the signed-in user.',
    documentation: 'https://learn.microsoft.com/graph/api/profilephoto-get#permissions',
  },
  'HEAD /v1.0/users/{id}/photo/$value': {
    why: 'As for GET.',
    documentation: 'https://learn.microsoft.com/graph/api/profilephoto-get#permissions',
  },
  'GET /v1.0/groups/{id}': {
    why: 'The reference calls permissions to write the least; of those that read, Group.ReadBasic.All gives the least.',
    documentation: 'https://learn.microsoft.com/graph/api/group-get#permissions',
  },
};
