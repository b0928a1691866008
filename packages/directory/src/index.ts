export { type ClientSettings, clientOf, demoClient, demoDirectory, demoUsers } from './demo-directory.ts';
export {
  type Directory,
  findUserByObjectId,
  type Group,
  groupsOf,
  isAdministratorOf,
  type Letter,
  objectIdIn,
  type Permission,
  type Registration,
  type Resource,
  type Tenant,
  type TextFile,
  type User,
} from './directory.ts';
export { directoryJsonSchema } from './directory-file.ts';
export { findUserByName } from './find-user.ts';
export { graphResourceId } from './microsoft-graph.ts';
export { DirectoryError, parseDirectory, readDirectory } from './parse-directory.ts';
export type { Consent, SignInService } from './sign-in-service.ts';
