export {
  type ControlEndpoints,
  ControlError,
  type ControlHandler,
  controlPrefix,
  handleControl,
} from './control.ts';
export {
  type Members,
  readMembers,
  readText,
  readTexts,
  readYesNo,
  requireText,
  toMembers,
  unknownName,
} from './control-body.ts';
export { switchesEndpoint } from './control-switches.ts';
export { type Html, html } from './html.ts';
export {
  type EmulatorRequest,
  isFromForeignPage,
  jsonReply,
  type Reply,
  readRequest,
  redirectTo,
  sendReply,
  textReply,
  toBytes,
  toNodeHeaders,
} from './http.ts';
export { type Listening, listenLocally } from './listen.ts';
export { nearestName } from './nearest-name.ts';
export { initialsOf, type Page, pageReply } from './page.ts';
export { type SwitchedOn, switchedOn } from './switched-on.ts';
