import { launchChromium } from '../chromium.ts';
import { wrapChromium } from './chromium-engine.ts';
import type { EngineName, LaunchedEngine } from './engine.ts';
import { findFirefox, launchFirefox } from './firefox.ts';
import { launchWebKit, missingForWebKit } from './webkit.ts';

/** Starts a browser with an empty profile, which the caller closes. Its popup blocker works as it does for users. */
export async function launchEngine(name: EngineName): Promise<LaunchedEngine> {
  switch (name) {
    case 'chromium':
      return wrapChromium(await launchChromium());
    case 'firefox':
      return launchFirefox();
    case 'webkit':
      return launchWebKit();
  }
}

/** Returns the Debian packages that have to be installed for Firefox and WebKit. */
export const missingPackages = (): readonly string[] => [
  ...(findFirefox() === undefined ? ['firefox-esr'] : []),
  ...missingForWebKit(),
];
