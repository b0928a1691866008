import { buildApp } from '../scripts/build.ts';
import { run } from './run.ts';

await run({ build: buildApp });
