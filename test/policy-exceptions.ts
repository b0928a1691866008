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

const messagesOfFolder: Exception = {
  why: withoutBody,
  documentation: 'https://learn.microsoft.com/graph/api/mailfolder-list-messages#permissions',
};
const photoOfOthers: Exception = {
  why: 'User.Read, the least by the reference, reads only the photo of the signed-in user.',
  documentation: 'https://learn.microsoft.com/graph/api/profilephoto-get#permissions',
};
const headOfPhoto: Exception = {
  why: 'As for GET.',
  documentation: 'https://learn.microsoft.com/graph/api/profilephoto-get#permissions',
};
const changedMessages: Exception = {
  why: withoutBody,
  documentation: 'https://learn.microsoft.com/graph/api/message-delta#permissions',
};

const groupsOfOthers: Exception = {
  why: 'User.Read, the least by the reference, reads only the groups of the signed-in user.',
  documentation: 'https://learn.microsoft.com/graph/api/user-list-memberof#permissions',
};
const filesOfSites: Exception = {
  why: "Files.Read, the least by the reference, reads only the user's own files.",
  documentation: 'https://learn.microsoft.com/graph/permissions-reference#files-permissions',
};

/** By call. If the reference has a gap, the page of the call is the source. */
export const exceptions: Readonly<Record<string, Exception>> = {
  'GET /v1.0/me/messages': {
    why: withoutBody,
    documentation: 'https://learn.microsoft.com/graph/api/user-list-messages#permissions',
  },
  'GET /v1.0/me/messages/$count': {
    why: 'Mail.ReadBasic cannot search the body.',
    documentation: 'https://learn.microsoft.com/graph/api/user-list-messages#permissions',
  },
  ...Object.fromEntries(
    ['inbox', 'drafts', 'sentitems', 'deleteditems', 'archive', 'junkemail', '{folder}'].map((folder) => [
      `GET /v1.0/me/mailFolders/${folder}/messages`,
      messagesOfFolder,
    ]),
  ),
  'GET /v1.0/me/mailFolders/{folder}/messages/$count': messagesOfFolder,
  'GET /v1.0/me/mailFolders/inbox/messages/delta': changedMessages,
  'GET /v1.0/me/mailFolders/{folder}/messages/delta': changedMessages,
  'GET /v1.0/me/messages/{id}/attachments/{attachment}': {
    why: 'The reference has the list of attachments and not one of them; the permission is the list’s.',
    documentation: 'https://learn.microsoft.com/graph/api/attachment-get#permissions',
  },
  'GET /v1.0/me/messages/{id}/attachments/{attachment}/$value': {
    why: 'As for the attachment itself.',
    documentation: 'https://learn.microsoft.com/graph/api/attachment-get#permissions',
  },
  'DELETE /v1.0/me/messages/{id}/attachments/{attachment}': {
    why: 'The reference does not list this call; the permission is that of adding one.',
    documentation: 'https://learn.microsoft.com/graph/api/attachment-delete#permissions',
  },
  'GET /v1.0/me/calendar': calendar('calendar-get'),
  'GET /v1.0/me/calendars/{calendar}': calendar('calendar-get'),
  'GET /v1.0/me/calendar/calendarView': calendar('calendar-list-calendarview'),
  'GET /v1.0/me/calendars/{calendar}/calendarView': calendar('calendar-list-calendarview'),
  'GET /v1.0/me/calendar/calendarView/delta': {
    why: 'The reference lists this call for /me/calendarView and for one of several calendars only.',
    documentation: 'https://learn.microsoft.com/graph/api/event-delta#permissions',
  },
  'GET /v1.0/me/calendar/events': calendar('calendar-list-events'),
  'GET /v1.0/me/calendars/{calendar}/events': calendar('calendar-list-events'),
  'GET /v1.0/me/events/$count': calendar('user-list-events'),
  'GET /v1.0/me/events/{id}/instances': calendar('event-list-instances'),
  'GET /v1.0/me/contacts/delta': {
    why: 'The reference lists this call for the contacts of a folder only.',
    documentation: 'https://learn.microsoft.com/graph/api/contact-delta#permissions',
  },
  'GET /v1.0/me/calendars': calendar('user-list-calendars'),
  'GET /v1.0/me/calendarView': calendar('user-list-calendarview'),
  'GET /v1.0/me/events': calendar('user-list-events'),
  'GET /v1.0/me/events/{id}': calendar('event-get'),
  'POST /v1.0/me/calendar/getSchedule': calendar('calendar-getschedule'),
  'GET /v1.0/users/{id}/photo': photoOfOthers,
  'HEAD /v1.0/users/{id}/photo': headOfPhoto,
  'GET /v1.0/users/{id}/photo/$value': photoOfOthers,
  'HEAD /v1.0/users/{id}/photo/$value': headOfPhoto,
  'GET /v1.0/users/{id}/photos/{size}/$value': photoOfOthers,
  'HEAD /v1.0/users/{id}/photos/{size}/$value': headOfPhoto,
  'GET /v1.0/users/{id}/presence': {
    why: 'Presence.Read, the least by the reference, reads only the presence of the signed-in user.',
    documentation: 'https://learn.microsoft.com/graph/api/presence-get#permissions',
  },
  'GET /v1.0/users/{id}/directReports': {
    why: 'User.Read, the least by the reference, reads only the direct reports of the signed-in user.',
    documentation: 'https://learn.microsoft.com/graph/api/user-list-directreports#permissions',
  },
  'GET /v1.0/users/{id}/memberOf/microsoft.graph.group': groupsOfOthers,
  'GET /v1.0/users/{id}/transitiveMemberOf/microsoft.graph.group': groupsOfOthers,
  ...Object.fromEntries(
    [
      '',
      's',
      '/root/children',
      '/items/{id}',
      '/items/{id}/children',
      '/items/{id}/content',
      "/root/search(q='{words}')",
    ].map((end) => [`GET /v1.0/sites/{site}/drive${end}`, filesOfSites]),
  ),
  'POST /v1.0/search/query': {
    why: 'Mail.Read, the least by the reference, finds messages only. Files need Files.Read.All.',
    documentation: 'https://learn.microsoft.com/graph/api/search-query#permissions',
  },
  'GET /v1.0/groups/{id}': {
    why: 'The reference calls permissions to write the least; of those that read, Group.ReadBasic.All gives the least.',
    documentation: 'https://learn.microsoft.com/graph/api/group-get#permissions',
  },
};
