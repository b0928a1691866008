import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completeCatalogue, shippedLanguages } from '../../src/shared/pages/catalogues.ts';
import { english, type MessageKey } from '../../src/shared/pages/messages/english.ts';
import type { UserAgent, WireAnswer } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';

let world: World;
let worker: Worker;
let ben: UserAgent;

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker();
  grantSignIn(world);
  ben = worker.browser();
  await signIn(ben, { user: 'ben' });
});

afterAll(() => world.close());

interface PageOfUser {
  readonly title: MessageKey;
  /** Opens the page in the browser of a signed-in user, or in a new one. */
  readonly open: (signedIn: UserAgent, fresh: UserAgent) => Promise<WireAnswer>;
}

async function decline(browser: UserAgent, from: string): Promise<WireAnswer> {
  world.entra.switches.onlyAdministratorsConsent = false;
  return signIn(browser, { user: 'ben', decision: 'decline', from });
}

async function withoutTable(load: () => Promise<WireAnswer>): Promise<WireAnswer> {
  worker.table.failAll();
  try {
    return await load();
  } finally {
    worker.table.recover();
  }
}

const feature = '/api/auth/login?feature=mail';
const fromOtherSite = { from: 'https://elsewhere.example/' };

/** Every page that a user of an app meets, but not the admin console. */
const pages: readonly PageOfUser[] = [
  { title: 'start.title', open: (browser) => browser.navigate('/') },
  { title: 'problem.not_found.title', open: (browser) => browser.navigate('/nothing') },
  { title: 'problem.request_invalid.title', open: (browser) => browser.navigate('/api/auth/login?prompt=x') },
  {
    title: 'problem.login_transaction_invalid.title',
    open: (_signedIn, fresh) => fresh.navigate('/api/auth/callback?state=none&code=none'),
  },
  { title: 'problem.claim_required.title', open: (browser) => browser.navigate('/api/admin') },
  { title: 'sign_out.title', open: (browser) => browser.navigate('/api/auth/logout') },
  { title: 'signed_out.title', open: (_signedIn, fresh) => fresh.navigate('/api/auth/logout') },
  {
    title: 'sign_out_pending.title',
    open: async (_signedIn, fresh) => {
      await signIn(fresh, { user: 'ben' });
      const page = await fresh.navigate('/api/auth/logout');
      return withoutTable(() => fresh.submit(page, { form_token: formTokenOf(page) }));
    },
  },
  {
    title: 'bounce.title',
    open: (_signedIn, fresh) => {
      const headers = { accept: 'text/html', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
      return fresh.request('/api/admin', { headers: { ...headers, 'sec-fetch-dest': 'document' } });
    },
  },
  {
    title: 'approval.granted.title',
    open: (browser) => browser.navigate('/api/auth/callback?state=admin-consent&admin_consent=True'),
  },
  {
    title: 'approval.refused.title',
    open: (browser) => browser.navigate('/api/auth/callback?state=admin-consent&error=access_denied'),
  },
  { title: 'sign_in.consent_declined.title', open: (browser) => decline(browser, feature) },
  {
    title: 'sign_in.consent_declined.title',
    open: (browser) => decline(browser, `${feature}&display=popup.a-popup-of-mine`),
  },
  {
    title: 'popup.title',
    open: (_signedIn, fresh) =>
      signIn(fresh, { user: 'ben', from: '/api/auth/login?display=popup.a-popup-of-mine' }),
  },
  {
    title: 'sign_in.login_required.title',
    open: (_signedIn, fresh) => fresh.navigate('/api/auth/login?prompt=none', fromOtherSite),
  },
  {
    title: 'download.title',
    open: (browser) => {
      world.graph.respondWith((_request, response) => void response.writeHead(404).end());
      return browser.navigate('/api/graph/v1.0/me/photo/$value');
    },
  },
];

const formTokenOf = ({ body }: WireAnswer) => /name="form_token" value="([^"]+)"/.exec(body)?.[1] ?? '';

/** What a page says, without identifiers and without details, which are English. */
function textsOf({ body }: WireAnswer): readonly string[] {
  return body
    .replaceAll(/<(style|script|code|bdi)\b.*?<\/\1>|<p class="quiet" lang="en" dir="ltr">.*?<\/p>/gs, '\n')
    .replaceAll(/<[^>]*>/g, '\n')
    .replaceAll('&#39;', "'")
    .split(/[\n·]/)
    .map((text) => text.trim())
    .filter((text) => /\p{L}/u.test(text));
}

/** The texts of a catalogue, cut at their placeholders. */
function piecesOf(catalogue: Readonly<Record<string, string>>): ReadonlySet<string> {
  const pieces = Object.values(catalogue).flatMap((text) => text.split(/\{[a-z]+\}/));
  return new Set(pieces.map((piece) => piece.trim()));
}

/** English pages show the detail of a problem instead of a text, if it has one. */
const translated = shippedLanguages.filter((language) => language !== 'en');

describe.each(translated)('in %s', (language) => {
  const catalogue = completeCatalogue(language, new Map());
  const pieces = piecesOf(catalogue);

  it.each(pages.map((page, at) => ({ ...page, at })))(
    'the page says everything in the language of the user: $title ($at)',
    async ({ title, open }) => {
      const [signedIn, fresh] = [ben.clone(), worker.browser()];
      for (const browser of [signedIn, fresh]) browser.acceptLanguage = `${language}, en;q=0.5`;
      const page = await open(signedIn, fresh);
      expect(page.body).toContain(`<html lang="${language}" dir="ltr">`);
      expect(page.headers).toMatchObject({
        'content-language': language,
        vary: 'Cookie, Origin, Accept-Language',
      });
      expect(page.body).toContain(`<title>${catalogue[title].replaceAll("'", '&#39;')}</title>`);
      const foreign = textsOf(page).filter((text) => !pieces.has(text));
      expect(foreign).toEqual([]);
    },
  );
});

describe('a problem whose detail says more than the text of its code', () => {
  it('is in English only, and otherwise shows the detail below, marked as English', async () => {
    const browser = worker.browser();
    const load = () => browser.navigate('/api/auth/login?prompt=x');
    expect((await load()).body).not.toContain(english['problem.request_invalid.text']);
    browser.acceptLanguage = 'de';
    const { body } = await load();
    expect(body).toContain(completeCatalogue('de', new Map())['problem.request_invalid.text']);
    expect(body).toContain('<p class="quiet" lang="en" dir="ltr">prompt is one of: ');
  });
});

describe('refuses', () => {
  it('to let a header reach the page', async () => {
    const browser = worker.browser();
    const { body: plain } = await browser.navigate('/api/auth/logout');
    for (const header of ['"><script>alert(1)</script>', '../../main', 'de_DE;q=x', 'x'.repeat(8000)]) {
      browser.acceptLanguage = header;
      expect((await browser.navigate('/api/auth/logout')).body).toBe(plain);
    }
  });
});
