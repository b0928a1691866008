/** The permissions to read everything of users. */
export const fullProfiles = [
  'User.Read.All',
  'User.ReadWrite.All',
  'Directory.Read.All',
  'Directory.ReadWrite.All',
];

/** The permissions to read the names of users. */
export const basicProfiles = ['User.ReadBasic.All', ...fullProfiles];

export const groupsRead = [
  'Group.ReadBasic.All',
  'GroupMember.Read.All',
  'Group.Read.All',
  'Directory.Read.All',
];
export const membersRead = ['GroupMember.ReadBasic.All', ...groupsRead];
