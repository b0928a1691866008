import { describeEmbeds } from './embeds.ts';

for (const engine of ['chromium', 'firefox', 'webkit'] as const) describeEmbeds(engine);
