export {
  type ChromiumOptions,
  type FoundChromium,
  findChromium,
  type LaunchedChromium,
  launchChromium,
} from './chromium.ts';
export { createPageOpener, type OpenPage, openPage, type Skip } from './open-page.ts';
export { pageIssues } from './page-issues.ts';
