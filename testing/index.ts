export { DirectoryError } from '@entra-bff/directory';
export type { BrowserCookie, EmulatorControl } from './control.ts';
export {
  connectEmulators,
  type EmulatorOptions,
  type Emulators,
  type EntraRequest,
  type GraphRequest,
  type StartedEmulators,
  startEmulators,
} from './emulators.ts';
export { createFakeClient, type FakeAnswer, type FakeCall, type FakeClient } from './fake-client.ts';
export { type BrowserPage, sessionCookieFor, signInAs, type TestSignInOptions } from './sign-in.ts';
export { type AppOptions, startApp, type TestApp } from './start-app.ts';
