import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { root } from '../support/documents.ts';
import { openPage } from '../support/open-page.ts';
import { serve } from '../support/small-site.ts';
import { signedIn, signedOut } from './fake-page.ts';

const page = '<!doctype html><div id="root"></div><script type="module" src="/app.js"></script>';
const mount = `
  import { createRoot } from 'react-dom/client';
  import { App } from './app.tsx';
  createRoot(document.querySelector('#root')).render(<App />);
`;

it('examples/frontend/app.tsx offers a sign-in, and greets the signed-in user', async ({ skip }) => {
  const { outputFiles } = await build({
    stdin: { contents: mount, resolveDir: `${root}examples/frontend`, loader: 'tsx' },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"development"' },
    write: false,
  });
  const script = outputFiles[0]?.text ?? '';
  let session: unknown = signedOut;
  const site = await serve(({ pathname }) => {
    if (pathname === '/app.js') return { headers: { 'content-type': 'text/javascript' }, body: script };
    return { body: pathname === '/api/auth/session' ? session : page };
  });
  try {
    const browser = await openPage(skip);
    await browser.goto(`http://localhost:${site.port}`);
    await browser.getByRole('button', { name: 'Sign in' }).waitFor();
    const expiry = '2126-11-22T17:00:00.000Z';
    session = signedIn({ idle_expires_at: expiry, expires_at: expiry });
    await browser.reload();
    await browser.getByText('Hello, Alice Adams').waitFor();
    expect(await browser.getByRole('button').count()).toBe(0);
  } finally {
    await site.close();
  }
});
