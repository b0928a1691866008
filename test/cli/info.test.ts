import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { usableSettings } from '../support/usable-settings.ts';
import { appFolder } from './app-folder.ts';

/** Without those of the host. */
const namesOfService = Object.keys(usableSettings).filter((name) => name !== 'AzureWebJobsStorage');

describe('info', () => {
  it('prints versions, the platform and the names of the settings that are set', async () => {
    const app = appFolder({ ...usableSettings, SESSION_IDLE_SECONDS: '' });
    mkdirSync(join(app.folder, 'node_modules/@azure/functions'), { recursive: true });
    app.write('node_modules/@azure/functions/package.json', { version: '4.99.1' });
    const { exitCode, output = '' } = await app.run(['info', '--json'], {
      API_ORDERS_ORIGIN: 'x',
      PATH: '/bin',
    });
    expect(exitCode).toBe(0);
    expect(JSON.parse(output)).toEqual({
      'entra-bff': expect.stringMatching(/^\d+\.\d+\.\d+/),
      node: process.versions.node,
      '@azure/functions': '4.99.1',
      platform: `${process.platform} ${process.arch}`,
      source: 'local.settings.json and the environment',
      settings: [...namesOfService, 'API_ORDERS_ORIGIN'],
    });
  });

  it('says what is missing', async () => {
    const { output } = await appFolder().run(['info']);
    expect(output).toMatch(/^@azure\/functions: not installed$/m);
    expect(output).toMatch(/^settings in the environment: none$/m);
  });

  it('refuses to print the value of a setting', async () => {
    for (const args of [['info'], ['info', '--json']]) {
      const printed = JSON.stringify(await appFolder(usableSettings).run(args));
      expect(printed).toContain('ENTRA_CLIENT_SECRET');
      for (const value of Object.values(usableSettings)) expect(printed).not.toContain(value);
    }
  });
});
