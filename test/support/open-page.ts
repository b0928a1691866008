import { createPageOpener } from '@entra-bff/test-browser';
import { launchChromium } from './chromium.ts';

/** Opens a page of a browser that records the coverage of the client. */
export const openPage = createPageOpener(launchChromium);
