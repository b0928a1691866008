import type { Permission, Resource } from './directory.ts';

/** The application id of Microsoft Graph, the same in every cloud. */
export const graphResourceId = '00000003-0000-0000-c000-000000000000';

function permission(name: string, title: string, description: string): Permission {
  return {
    name,
    title,
    description,
    administratorMustConsent: false,
  };
}

function administratorPermission(name: string, title: string, description: string): Permission {
  return {
    ...permission(name, title, description),
    administratorMustConsent: true,
  };
}

/** Microsoft Graph, which every directory has. */
export const microsoftGraph: Resource = {
  id: graphResourceId,
  name: 'Microsoft Graph',
  uri: 'https://graph.microsoft.com',
  permissions: [
    permission('openid', 'Sign you in', 'The app learns who you are when you sign in.'),
    permission('profile', 'View your basic profile', 'The app sees your name and user name.'),
    permission('email', 'View your email address', 'The app sees your primary email address.'),
    permission(
      'offline_access',
      'Maintain access to data you have given it access to',
      'The app keeps the access you give it while you are not using it. It gains no further permission by this.',
    ),
    permission(
      'User.Read',
      'Sign you in and read your profile',
      'The app reads your profile, your groups and basic information about your organization.',
    ),
    permission(
      'User.ReadBasic.All',
      "Read all users' basic profiles",
      'The app reads the name, email address and photo of other users in your organization.',
    ),
    permission(
      'Mail.ReadBasic',
      'Read the basics of your mail',
      'The app reads the email in your mailbox, except its text and attachments.',
    ),
    permission('Mail.Read', 'Read your mail', 'The app reads the email in your mailbox.'),
    permission(
      'Mail.ReadWrite',
      'Read and write your mail',
      'The app reads, creates, changes and deletes email in your mailbox. It cannot send.',
    ),
    permission('Mail.Send', 'Send mail as you', 'The app sends email in your name.'),
    permission('Calendars.Read', 'Read your calendars', 'The app reads the events in your calendars.'),
    permission(
      'Calendars.ReadWrite',
      'Full access to your calendars',
      'The app reads, creates, changes and deletes events in your calendars.',
    ),
    permission('Contacts.Read', 'Read your contacts', 'The app reads the contacts in your folders.'),
    permission(
      'Contacts.ReadWrite',
      'Full access to your contacts',
      'The app reads, creates, changes and deletes contacts in your folders.',
    ),
    permission('Files.Read', 'Read your files', 'The app reads the files you keep.'),
    permission(
      'People.Read',
      'Read the list of people who matter to you',
      'The app reads the list of people you write to and work with, from your organization and your contacts.',
    ),
    permission(
      'Tasks.Read',
      'Read your tasks and task lists',
      'The app reads your to-do lists, including those shared with you.',
    ),
    permission(
      'Tasks.ReadWrite',
      'Create, read, change and delete your tasks and task lists',
      'The app works on your to-do lists, including those shared with you.',
    ),
    permission('Files.ReadWrite', 'Read and change your files', 'The app reads, changes and adds files.'),
    permission(
      'Files.Read.All',
      'Read all files that you have access to',
      'The app reads your files and those that others share with you.',
    ),
    permission(
      'Files.ReadWrite.All',
      'Read and change all files that you have access to',
      'The app reads, changes and adds files, also those that others share with you.',
    ),
    administratorPermission(
      'Calendars.ReadBasic',
      'Read the basics of your calendars',
      'The app reads events, except their texts.',
    ),
    permission(
      'MailboxSettings.Read',
      'Read your mailbox settings',
      'The app reads the settings of your mailbox, such as its time zone and categories.',
    ),
    permission('Presence.Read', 'Read your presence', 'The app reads whether you are available.'),
    permission(
      'Presence.ReadWrite',
      'Read and write your presence',
      'The app reads and sets whether you are available.',
    ),
    permission(
      'Presence.Read.All',
      'Read the presence of all users in your organization',
      'The app reads whether the users of your organization are available.',
    ),
    permission(
      'Team.ReadBasic.All',
      'Read the names of your teams',
      'The app reads names and descriptions of teams.',
    ),
    permission(
      'Channel.ReadBasic.All',
      'Read the names of channels',
      'The app reads names and descriptions of the channels of your teams.',
    ),
    permission(
      'Chat.ReadBasic',
      'Read the names of your chats',
      'The app reads your chats and who is in them.',
    ),
    permission('Chat.Read', 'Read your chats', 'The app reads the messages of your chats.'),
    permission(
      'Sites.Read.All',
      'Read items in all sites that you have access to',
      'The app reads documents and lists in sites.',
    ),
    administratorPermission(
      'User.Read.All',
      "Read all users' full profiles",
      'The app reads the full profile, reports and manager of every user in your organization.',
    ),
    administratorPermission(
      'People.Read.All',
      'Read the lists of people of all users',
      'The app reads the people whom users of your organization write to and work with.',
    ),
    administratorPermission(
      'Group.Read.All',
      'Read all groups',
      'The app lists groups and reads their properties, conversations, files and plans.',
    ),
    administratorPermission(
      'Group.ReadBasic.All',
      'Read the basics of all groups',
      'The app lists groups and reads their basic properties.',
    ),
    administratorPermission(
      'GroupMember.ReadBasic.All',
      'Read the basics of group memberships',
      'The app reads the members of groups, as far as your own role allows it.',
    ),
    administratorPermission(
      'GroupMember.Read.All',
      'Read group memberships',
      'The app lists groups, their properties and their members.',
    ),
    administratorPermission(
      'User.RevokeSessions.All',
      'End the sign-ins of all users',
      'The app revokes the sessions of users, as far as your own role allows it.',
    ),
    administratorPermission(
      'DelegatedPermissionGrant.ReadWrite.All',
      'Manage all permissions given to apps',
      'The app reads and changes the permissions that users and the organization have granted to apps.',
    ),
    administratorPermission(
      'Directory.Read.All',
      'Read directory data',
      'The app reads the data in your organization’s directory, such as users, groups and apps.',
    ),
  ],
};
