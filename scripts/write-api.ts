import { writeFileSync } from 'node:fs';
import { publicApi, renderApi } from './api/public-api.ts';

const path = 'docs/reference/api.txt';
writeFileSync(new URL(`../${path}`, import.meta.url), renderApi(await publicApi()));
console.log(path);
