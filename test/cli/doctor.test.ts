import { describe, expect, it } from 'vitest';
import { ConfigError, parseConfig } from '../../src/shared/config/config.ts';
import type { Environment } from '../../src/shared/config/setting.ts';
import { usableSettings } from '../support/usable-settings.ts';
import { appFolder } from './app-folder.ts';

const ruleOf = (path: string) => ({ methods: ['GET'], path, scopes: ['User.Read'] });
const policyOf = (path: string) => ({ features: { me: { title: 'Me', rules: [ruleOf(path)] } } });

function issuesOfService(environment: Environment): readonly string[] {
  try {
    parseConfig(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
    throw error;
  }
}

describe('doctor', () => {
  it('finds nothing wrong with settings with which the service starts', async () => {
    expect(await appFolder(usableSettings).run(['doctor'])).toEqual({
      exitCode: 0,
      output: 'The settings are usable (local.settings.json and the environment).',
    });
    expect(await appFolder().run(['doctor'], usableSettings)).toEqual({
      exitCode: 0,
      output: 'The settings are usable (the environment).',
    });
  });

  it('names every wrong setting with its fix, as the service does, and ends with 1', async () => {
    const settings = {
      ...usableSettings,
      ENTRA_TENANT_ID: 'contoso',
      ENTRA_CLIENT_SECRET: 'changeme',
      SESSION_INDEX_KEY: undefined,
    };
    const { exitCode, output, error = '' } = await appFolder(settings).run(['doctor']);
    expect([exitCode, output]).toEqual([1, undefined]);
    const issues = issuesOfService(settings);
    expect(issues).toHaveLength(3);
    for (const issue of issues) expect(error).toContain(`  ${issue}\n`.trimEnd());
    expect(error).toContain('ENTRA_TENANT_ID is not usable; set it to the directory (tenant) id');
  });

  it('prints findings as JSON for a script', async () => {
    const settings = { ...usableSettings, ENTRA_CLIENT_ID: '', ENTRA_GUEST: 'refuse' };
    const { exitCode, output = '', error } = await appFolder(settings).run(['doctor', '--json']);
    expect([exitCode, error]).toEqual([1, undefined]);
    expect(JSON.parse(output)).toEqual({
      ok: false,
      source: 'local.settings.json and the environment',
      issues: issuesOfService(settings),
      warnings: ['ENTRA_GUEST is not read; did you mean ENTRA_GUESTS?'],
    });
  });

  it('lets a variable of the environment take precedence over its line in the file', async () => {
    const app = appFolder({ ...usableSettings, ENTRA_TENANT_ID: 'contoso' });
    const { ENTRA_TENANT_ID } = usableSettings;
    expect(await app.run(['doctor'], { ENTRA_TENANT_ID })).toMatchObject({ exitCode: 0 });
    const wrong = await app.run(['doctor'], { ENTRA_TENANT_ID, SESSION_IDLE_SECONDS: 'an hour' });
    expect(wrong).toMatchObject({ exitCode: 1, error: expect.stringContaining('SESSION_IDLE_SECONDS') });
  });

  it('shows what is probably wrong, and still ends with 0', async () => {
    const { exitCode, output } = await appFolder({ ...usableSettings, ENTRA_GUEST: 'refuse' }).run([
      'doctor',
    ]);
    expect(exitCode).toBe(0);
    expect(output).toContain('Check these settings:\n  ENTRA_GUEST is not read; did you mean ENTRA_GUESTS?');
  });

  it('warns of settings of the pages that are wrong unless the code of the app completes them', async () => {
    const pages = { PAGES_NAME: 'Contoso', PAGES_LOGO_FILE: '/nowhere/logo.svg', PAGES_LANGUAGES: 'nl' };
    const app = appFolder({ ...usableSettings, ...pages });
    const { exitCode, output = '' } = await app.run(['doctor', '--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(output)).toMatchObject({
      ok: true,
      warnings: [
        'PAGES_LOGO_FILE, the file cannot be read; give the path of a file.',
        expect.stringMatching(/^PAGES_LANGUAGES has a language without texts/),
      ],
    });
  });

  it('reads the policy files that the settings name', async () => {
    const app = appFolder();
    const GRAPH_POLICY_FILE = app.write('policy.json', policyOf('/v1.0/me'));
    expect(await app.run(['doctor'], { ...usableSettings, GRAPH_POLICY_FILE })).toMatchObject({
      exitCode: 0,
    });
    app.write('policy.json', policyOf('/v1.0/me/..'));
    const { exitCode, error } = await app.run(['doctor'], { ...usableSettings, GRAPH_POLICY_FILE });
    expect(exitCode).toBe(1);
    expect(error).toMatch(/GRAPH_POLICY_FILE, features\.me\.rules\[0\]/);
  });
});

describe('a local.settings.json', () => {
  it.each([
    ['is not JSON', '{ "Values": ', 'local.settings.json is not JSON; correct it.'],
    ['is no object', '[]', 'local.settings.json has no object "Values"; put the settings into one.'],
    [
      'is encrypted',
      { IsEncrypted: true, Values: { PUBLIC_BASE_URL: 'CfDJ8' } },
      'local.settings.json is encrypted',
    ],
    [
      'has a value that is no text',
      { Values: { ...usableSettings, SESSION_IDLE_SECONDS: 600 } },
      'SESSION_IDLE_SECONDS is not text in local.settings.json; put its value into quotes.',
    ],
  ])('that %s is an issue', async (_, content, issue) => {
    const app = appFolder();
    app.write('local.settings.json', content);
    const { exitCode, error } = await app.run(['doctor'], usableSettings);
    expect([exitCode, error]).toEqual([1, expect.stringContaining(issue)]);
  });

  it('may begin with a byte order mark', async () => {
    const app = appFolder();
    app.write('local.settings.json', `\uFEFF${JSON.stringify({ Values: usableSettings })}`);
    expect(await app.run(['doctor'])).toMatchObject({ exitCode: 0 });
  });
});

describe('refuses', () => {
  it('to print the value of a setting, right or wrong', async () => {
    const secret = 'a secret with a space at its end ';
    const settings = {
      ...usableSettings,
      ENTRA_CLIENT_SECRET: secret,
      SESSION_KEYS: `1:${usableSettings.SESSION_INDEX_KEY}`,
      SESSION_IDLE_SECONDS: '4711000000',
    };
    for (const args of [['doctor'], ['doctor', '--json']]) {
      const printed = JSON.stringify(await appFolder(settings).run(args));
      expect(printed).toContain('ENTRA_CLIENT_SECRET');
      for (const value of [secret.trim(), usableSettings.SESSION_INDEX_KEY, '4711000000']) {
        expect(printed).not.toContain(value);
      }
    }
  });
});
