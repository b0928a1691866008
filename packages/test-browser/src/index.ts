export {
  type ChromiumOptions,
  type FoundChromium,
  findChromium,
  type LaunchedChromium,
  launchChromium,
} from './chromium.ts';
export type { EngineBrowser, EngineName, LaunchedEngine } from './engines/engine.ts';
export { launchEngine, missingPackages } from './engines/launch-engine.ts';
export { openTab, type Tab } from './engines/tab.ts';
export { createPageOpener, type OpenPage, openPage, type Skip } from './open-page.ts';
export { pageIssues } from './page-issues.ts';
