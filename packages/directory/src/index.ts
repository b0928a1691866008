export { graphResourceId } from './demo-apis.ts';
export { demoClient, demoDirectory, demoUsers } from './demo-directory.ts';
export {
  type Directory,
  findUserByObjectId,
  type Group,
  groupsOf,
  isAdministratorOf,
  objectIdIn,
  type Permission,
  type Registration,
  type Resource,
  type Tenant,
  type User,
} from './directory.ts';
export type { Consent, SignInService } from './sign-in-service.ts';
