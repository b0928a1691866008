import { fileURLToPath } from 'node:url';
import { installManifest } from './install-manifest.ts';

const fromRoot = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Outside of every folder that the other tests read. */
export const packageToolsFolder = fromRoot('.build/package-tools');

/** What `npm run test:package` needs: checkers of packages, another compiler, another Node.js, Next.js. */
if (import.meta.main) installManifest(fromRoot('test/package/manifest'), packageToolsFolder);
