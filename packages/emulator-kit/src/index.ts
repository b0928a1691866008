export { type Html, html } from './html.ts';
export {
  type EmulatorRequest,
  isFromForeignPage,
  jsonReply,
  type Reply,
  readRequest,
  redirectTo,
  sendReply,
} from './http.ts';
export { initialsOf, type Page, pageReply } from './page.ts';
