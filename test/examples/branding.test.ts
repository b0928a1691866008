import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type FunctionsHost, startFunctionsHost } from '@entra-bff/functions-host';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { bundle } from '../../build/bundle.ts';
import { developmentSettings } from '../../dev/development-settings.ts';
import { UserAgent } from '../support/user-agent.ts';

const fromRoot = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const example = fromRoot('examples/branding');
/** The texts of examples/branding/de.json. */
const german: Readonly<Record<string, string>> = JSON.parse(readFileSync(`${example}/de.json`, 'utf8'));

let host: FunctionsHost;

/** The paths in the example are relative to the folder in which the worker runs. */
beforeAll(async () => {
  const outfile = fromRoot('.build/branding.cjs');
  await bundle({ entry: fromRoot('examples/branding/main.ts'), outfile });
  const before = process.cwd();
  process.chdir(example);
  try {
    host = await startFunctionsHost({
      bundle: outfile,
      appDirectory: fromRoot(''),
      env: developmentSettings(
        {
          bffOrigin: 'http://localhost:7071',
          entraOrigin: 'http://127.0.0.1:7072',
          graphOrigin: 'http://127.0.0.1:7073',
          tableConnectionString: inject('tableConnectionString'),
        },
        {},
      ),
      log: () => undefined,
    });
  } finally {
    process.chdir(before);
  }
});

afterAll(() => host.close());

async function signedOutPage(acceptLanguage?: string): Promise<string> {
  const browser = new UserAgent(host.origin);
  browser.acceptLanguage = acceptLanguage;
  return (await browser.navigate('/api/auth/logout')).body;
}

describe('an app with its own identity and texts', () => {
  it('has its name, logo and colors on the pages of the service', async () => {
    const page = await signedOutPage();
    const logo = readFileSync(`${example}/logo.svg`).toString('base64');
    expect(page).toContain('<title>Signed out · Contoso Orders</title>');
    expect(page).toContain(
      `<p class="app"><img src="data:image/svg+xml;base64,${logo}" alt=""><bdi>Contoso Orders</bdi></p>`,
    );
    expect(page).toContain(':root{--accent:#067a46}');
    expect(page).toContain('>Back to Contoso Orders</a>');
  });

  it('has its own texts in German, and those of the service where it has none', async () => {
    const page = await signedOutPage('de-AT');
    expect(page).toContain('<html lang="de" dir="ltr">');
    expect(page).toContain(`<h1>${german['signed_out.heading']}</h1>\n<p>${german['signed_out.text']}</p>`);
    expect(page).toContain('>Zurück zu Contoso Orders</a>');
  });

  it('speaks a language that the service does not include, in English where a text is missing', async () => {
    const page = await signedOutPage('nl, de;q=0.5');
    expect(page).toContain('<html lang="nl" dir="ltr">');
    expect(page).toContain('>Terug naar Contoso Orders</a>');
    expect(page).toContain('<h1>You are signed out</h1>');
  });
});
