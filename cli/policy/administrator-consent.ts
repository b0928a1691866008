/**
 * The permissions in the policies of this package to which only an administrator can consent. A test compares them with
 * Microsoft's permission reference, of which nothing is part of this repository.
 */
export const administratorConsents: ReadonlySet<string> = new Set([
  'ChannelMessage.Read.All',
  'Group.ReadBasic.All',
  'GroupMember.ReadBasic.All',
  'User.Read.All',
]);
