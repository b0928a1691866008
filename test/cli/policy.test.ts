import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { appFolder } from './app-folder.ts';

const rules = [{ methods: ['GET'], path: '/v1.0/me/messages', scopes: ['Mail.Read'] }];
const mail = { features: { mail: { title: 'Mail', rules } } };

describe('policy of an app', () => {
  it('is that of the package unless the settings name another one', async () => {
    expect(await appFolder().run(['policy', 'check'])).toMatchObject({
      exitCode: 0,
      output: expect.stringMatching(/^the policy of entra-bff is valid: \d+ features, \d+ rules\./),
    });
    const app = appFolder({});
    const file = app.write('policy.json', mail);
    app.write('local.settings.json', { Values: { GRAPH_POLICY_FILE: file } });
    expect(await app.run(['policy', 'check'])).toMatchObject({
      exitCode: 0,
      output: `${file} is valid: 1 feature, 1 rule.`,
    });
    expect(await app.run(['policy', 'scopes'])).toMatchObject({
      exitCode: 0,
      output: expect.stringMatching(/^ {2}Mail\.Read$/m),
    });
  });

  it('has the files of wider areas that GRAPH_POLICY_MORE names', async () => {
    const explain = ['policy', 'explain', 'GET /v1.0/me/presence'];
    expect(await appFolder().run(explain)).toMatchObject({ exitCode: 1 });
    expect(await appFolder().run(explain, { GRAPH_POLICY_MORE: 'presence' })).toMatchObject({ exitCode: 0 });
  });

  it('gets a rule from `add`, which names the commands of this package', async () => {
    const app = appFolder();
    const file = join(app.folder, 'my-policy.json');
    const { exitCode, output } = await app.run(['policy', 'add', 'GET /me/presence', file]);
    expect(exitCode).toBe(0);
    expect(output).toContain(`  npx entra-bff policy explain 'GET /v1.0/me/presence' ${file}\n`);
    expect(output).toContain(`GRAPH_POLICY_FILE: "${file}"`);
    expect(output).not.toContain('npm run');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveProperty('features');
  });

  it('ends with 1 for an issue or a refused call', async () => {
    const app = appFolder();
    const file = app.write('policy.json', { features: {}, extra: 1 });
    expect(await app.run(['policy', 'check', file])).toMatchObject({ exitCode: 1 });
    expect(await app.run(['policy', 'explain', 'GET /v1.0/nothing'])).toMatchObject({ exitCode: 1 });
    expect(await app.run(['policy', 'check'], { GRAPH_POLICY_FILE: file })).toMatchObject({
      exitCode: 1,
      error: expect.stringContaining(`${file} is not valid:\n  GRAPH_POLICY_FILE, `),
    });
  });
});

describe('refuses, with exit code 2,', () => {
  it.each([[[]], [['help']], [['explain']], [['check', 'a', 'b']]])('the arguments %j', async (args) => {
    const { exitCode, error } = await appFolder().run(['policy', ...args]);
    expect([exitCode, error]).toEqual([2, expect.stringContaining('npx entra-bff policy check [file]')]);
  });

  it('to add a rule to the policy of the package', async () => {
    expect(await appFolder().run(['policy', 'add', 'GET /me/presence'])).toEqual({
      exitCode: 2,
      error: "Name the file: npx entra-bff policy add 'GET /me/presence' my-policy.json",
    });
  });
});
