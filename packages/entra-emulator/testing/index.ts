export { createFormBrowser, type FormBrowser } from './form-browser.ts';
export {
  callback,
  createOAuthClient,
  type OAuthClient,
  type TokenAnswer,
  tokenText,
} from './oauth-client.ts';
export { consentTo, signInAs } from './sign-in.ts';
export { startTestEmulator } from './start-emulator.ts';
