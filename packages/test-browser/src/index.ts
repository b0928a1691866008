export {
  type ChromiumOptions,
  type FoundChromium,
  findChromium,
  type LaunchedChromium,
  launchChromium,
} from './chromium.ts';
export { axe, pageIssues } from './page-issues.ts';
