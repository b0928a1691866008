import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, createLogger } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageToolsFolder } from '../../scripts/install-package-tools.ts';
import { installInto, nodes, packedPackage, removeFolder, root, runProgram, say } from './installation.ts';

let site: string;

beforeAll(async () => {
  site = await installInto('site', ['react@19.3.1', 'react-dom@19.3.1']);
}, 180_000);
afterAll(() => removeFolder(site));

/** What a server that renders a page does with the client. */
const rendering = `
  const client = createClient();
  const Greeting = () => createElement('p', null, useSession().status);
  const html = renderToString(createElement(BffProvider, { client }, createElement(Greeting)));
  console.log(html, typeof graphFetch(client), new BffProblem({ code: 'not_found' }, 404).code);`;
const specifiers = {
  'entra-bff/client': ['BffProblem', 'createClient'],
  'entra-bff/client/graph': ['graphFetch'],
  'entra-bff/client/react': ['BffProvider', 'useSession'],
  react: ['createElement'],
  'react-dom/server': ['renderToString'],
};
const lines = (toLine: (names: string, from: string) => string) =>
  Object.entries(specifiers).map(([from, names]) => toLine(names.join(', '), from));

describe.each(nodes)('the client on Node $version', (node) => {
  it.each([
    ['import', 'render.mjs', lines((names, from) => `import { ${names} } from '${from}';`)],
    ['require', 'render.cjs', lines((names, from) => `const { ${names} } = require('${from}');`)],
  ])('is loaded by `%s`, and renders a page without a browser', async (_, file, imports) => {
    say(`node ${node.version} ${file}`);
    await writeFile(join(site, file), [...imports, rendering].join('\n'));
    expect(await runProgram([node.path, file], { cwd: site, env: { NODE_NO_WARNINGS: '1' } })).toEqual({
      exitCode: 0,
      out: '<p>loading</p> function not_found\n',
      err: '',
    });
  });
});

describe('the client in a build of Vite', () => {
  it('is bundled without an exception in the configuration, and without a warning', async () => {
    say('vite build');
    await writeFile(
      join(site, 'index.html'),
      '<div id="app"></div><script type="module" src="/main.jsx"></script>',
    );
    await writeFile(
      join(site, 'main.jsx'),
      `import { createClient } from 'entra-bff/client';
      import { graphFetch } from 'entra-bff/client/graph';
      import { BffProvider, useSession } from 'entra-bff/client/react';
      import { createElement } from 'react';
      import { createRoot } from 'react-dom/client';
      const client = createClient();
      globalThis.send = graphFetch(client);
      const Greeting = () => createElement('p', null, useSession().status);
      createRoot(document.querySelector('#app')).render(createElement(BffProvider, { client }, createElement(Greeting)));`,
    );
    const warnings: string[] = [];
    const logger = createLogger('silent');
    logger.warn = (message) => void warnings.push(message);
    logger.warnOnce = logger.warn;
    await build({ root: site, configFile: false, customLogger: logger, build: { outDir: 'built' } });
    expect(warnings).toEqual([]);
    expect(await readFile(join(site, 'built/index.html'), 'utf8')).toMatch(
      /<script type="module".*src="\/assets\//,
    );
  });
});

/** An app of Next.js with the App Router, as its own template. */
const nextFiles: Readonly<Record<string, string>> = {
  'next.config.mjs': `
    import { fileURLToPath } from 'node:url';
    // Next.js is in the folder above.
    export default { turbopack: { root: fileURLToPath(new URL('..', import.meta.url)) } };`,
  'app/layout.jsx': `
    export default function Layout({ children }) {
      return <html lang="en"><body>{children}</body></html>;
    }`,
  'app/session.jsx': `
    'use client';
    import { createClient } from 'entra-bff/client';
    import { graphFetch } from 'entra-bff/client/graph';
    import { BffProvider, useSession } from 'entra-bff/client/react';
    const client = createClient();
    export const send = graphFetch(client);
    const Greeting = () => <p>{useSession().status}</p>;
    export const Session = () => <BffProvider client={client}><Greeting /></BffProvider>;`,
  'app/page.jsx': `
    import { Session } from './session.jsx';
    export default function Page() { return <Session />; }`,
};

describe('the client in a build of Next.js', () => {
  it('is bundled without transpilePackages, and rendered by the server', async () => {
    const tarball = await packedPackage();
    const app = join(packageToolsFolder, 'next-app');
    await rm(app, { recursive: true, force: true });
    await mkdir(join(app, 'app'), { recursive: true });
    await mkdir(join(app, 'node_modules/entra-bff'), { recursive: true });
    const unpack = [
      'tar',
      '-xzf',
      tarball,
      '--strip-components=1',
      '-C',
      join(app, 'node_modules/entra-bff'),
    ];
    expect(await runProgram(unpack, { cwd: root })).toMatchObject({ exitCode: 0 });
    await writeFile(join(app, 'package.json'), JSON.stringify({ name: 'next-app', private: true }));
    for (const [name, text] of Object.entries(nextFiles)) await writeFile(join(app, name), text);
    say('next build');
    const next = join(packageToolsFolder, 'node_modules/.bin/next');
    const { exitCode, out, err } = await runProgram([process.execPath, next, 'build'], {
      cwd: app,
      env: { NEXT_TELEMETRY_DISABLED: '1' },
      timeoutMs: 150_000,
    });
    expect(exitCode, `${out}\n${err}`).toBe(0);
    // The page is static, so the build has rendered it.
    expect(await readFile(join(app, '.next/server/app/index.html'), 'utf8')).toContain('<p>loading</p>');
  }, 200_000);
});
