import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { usableSettings } from '../support/usable-settings.ts';
import { installInto, nodes, removeFolder, root, runProgram, runsService, say } from './installation.ts';

let app: string;

beforeAll(async () => {
  app = await installInto('commands', ['@azure/functions@4.16.5']);
}, 180_000);
afterAll(() => removeFolder(app));

describe.each(nodes)('entra-bff on Node $version', (node) => {
  const run = (...args: string[]) => {
    say(`node ${node.version} entra-bff ${args.join(' ')}`);
    const program = join(app, 'node_modules/.bin/entra-bff');
    return runProgram([node.path, program, ...args], { cwd: app });
  };

  it('prints its version and versions of others', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    expect(await run('--version')).toEqual({ exitCode: 0, out: `${version}\n`, err: '' });
    expect(JSON.parse((await run('info', '--json')).out)).toMatchObject({
      'entra-bff': version,
      node: node.version,
      '@azure/functions': '4.16.5',
    });
  });

  it('makes keys that doctor accepts together with the other settings', async () => {
    const Values = { ...usableSettings, ...JSON.parse((await run('keys', '--json')).out) };
    await writeFile(join(app, 'local.settings.json'), JSON.stringify({ Values }));
    const { exitCode, err } = await run('doctor');
    if (runsService(node)) expect([exitCode, err]).toEqual([0, '']);
    else expect([exitCode, err]).toEqual([1, expect.stringContaining('Node.js is older than 22.15')]);
  });

  it('checks and explains the policy of the package', async () => {
    const { exitCode, out } = await run('policy', 'check');
    expect([exitCode, out]).toEqual([0, expect.stringContaining('the policy of entra-bff is valid')]);
    const shipped = join(app, 'node_modules/entra-bff/policy/graph.json');
    expect(await run('policy', 'check', shipped)).toMatchObject({ exitCode: 0 });
    expect(await run('policy', 'explain', 'GET /v1.0/nothing')).toMatchObject({ exitCode: 1 });
    expect(await run('polcy')).toMatchObject({ exitCode: 2 });
  });
});
