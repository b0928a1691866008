import { buildApp } from '../build/bundle.ts';
import { run } from './run.ts';

await run({ build: buildApp });
