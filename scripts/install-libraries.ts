import { fileURLToPath } from 'node:url';
import { installManifest } from './install-manifest.ts';

const fromRoot = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Outside of every folder that the other tests read. */
export const librariesFolder = fromRoot('.build/graph-libraries');

/** The libraries that `npm run test:libraries` needs. */
if (import.meta.main) installManifest(fromRoot('test/libraries/manifest'), librariesFolder);
