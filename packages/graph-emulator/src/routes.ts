import { calendarRoutes } from './calendar/calendar-routes.ts';
import { meetingRoutes } from './calendar/meeting-routes.ts';
import { contactRoutes } from './contacts/contacts.ts';
import { administrationRoutes } from './directory/administration-routes.ts';
import { groupRoutes } from './directory/group-routes.ts';
import { photoRoutes } from './directory/photo-routes.ts';
import { userRoutes } from './directory/user-routes.ts';
import { driveRoutes } from './drive/drive-routes.ts';
import { attachmentRoutes } from './mail/attachment-routes.ts';
import { folderRoutes } from './mail/folder-routes.ts';
import { messageRoutes } from './mail/message-routes.ts';
import { sendRoutes } from './mail/send-routes.ts';
import { chatRoutes } from './more/chats.ts';
import { insightRoutes } from './more/insights.ts';
import { peopleRoutes } from './more/people.ts';
import { plannerRoutes } from './more/planner.ts';
import { plannerChangeRoutes } from './more/planner-changes.ts';
import { presenceRoutes } from './more/presence.ts';
import { searchRoutes } from './more/search.ts';
import { settingsRoutes } from './more/settings.ts';
import { siteRoutes } from './more/sites.ts';
import { teamRoutes } from './more/teams.ts';
import type { Route } from './route.ts';
import { taskRoutes } from './tasks/task-routes.ts';

/** Mail, calendars and contacts, whose refusals are Outlook's. */
export const outlookRoutes: readonly Route[] = [
  ...messageRoutes,
  ...sendRoutes,
  ...attachmentRoutes,
  ...folderRoutes,
  ...calendarRoutes,
  ...meetingRoutes,
  ...contactRoutes,
];

/** Everything that the emulator knows. */
export const routes: readonly Route[] = [
  ...userRoutes,
  ...photoRoutes,
  ...groupRoutes,
  ...administrationRoutes,
  ...outlookRoutes,
  ...driveRoutes,
  ...taskRoutes,
  ...peopleRoutes,
  ...presenceRoutes,
  ...teamRoutes,
  ...chatRoutes,
  ...plannerRoutes,
  ...plannerChangeRoutes,
  ...searchRoutes,
  ...insightRoutes,
  ...siteRoutes,
  ...settingsRoutes,
];
