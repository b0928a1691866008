import type { EngineName, Tab } from '@entra-bff/test-browser';
import { describe, expect, it } from 'vitest';
import { grantSignIn, signIn } from '../support/world.ts';
import { type EngineStage, setEngineStage } from './stage.ts';

/** What users do most, as one specification for every engine. */
export function describeJourneys(engine: EngineName): void {
  describe(`the main journeys in ${engine}`, () => {
    const stage = setEngineStage(engine);
    describe('signing in', () => describeSignIn(stage));
    describe('a call that needs consent', () => describeConsent(stage, engine));
    describe('two tabs', () => describeTwoTabs(stage));
    describe('signing out', () => describeSignOut(stage));
    if (engine !== 'webkit') describe('Back after a sign-in', () => describeBack(stage));
    describe('the admin console', () => describeAdminConsole(stage));
    // The last one: its host asks for TLS from now on (HSTS), and the other journeys use the same host without it.
    describe('over TLS', () => describeSignInOverTls(stage));
  });
}

async function signInAtDemo({ origin, openTab }: EngineStage): Promise<Tab> {
  const tab = await openTab();
  await tab.goto(origin);
  await tab.press('Sign in');
  await tab.press(/Alice Adams/);
  return tab;
}

function describeSignIn(stage: EngineStage): void {
  it('asks for consent once, loads the callback once more with its cookie, and shows no cookie to scripts', async () => {
    const tab = await signInAtDemo(stage);
    await tab.press('Accept');
    await tab.see('Hello, Alice Adams');
    await tab.seeText('Head of Platform');
    expect(stage.callbacks).toEqual([
      { isBounced: false, cookies: [] },
      { isBounced: true, cookies: [expect.stringMatching(/^tx-\d$/)] },
    ]);
    expect(await tab.window.evaluate('document.cookie')).toBe('');
    expect(await tab.url()).toBe(`${stage.origin}/`);
    await tab.window.reload();
    await tab.seeText('Head of Platform');
  });

  it('ends on a page with a way back if the user declines', async () => {
    const tab = await signInAtDemo(stage);
    await tab.press('Cancel');
    await tab.see('Permission declined');
    await tab.follow('Try again');
    await tab.press('Accept');
    await tab.see('Hello, Alice Adams');
  });
}

const ends = (tab: Tab, ...all: readonly string[]) =>
  tab.until(`document.querySelector('#ends')?.textContent === ${JSON.stringify(all.join(', '))}`);

/** Expects that the page was not left. */
async function expectForm(tab: Tab): Promise<void> {
  expect(await tab.window.evaluate(`document.querySelector('#subject').value`)).toBe('Half a letter');
}

function describeConsent(stage: EngineStage, engine: EngineName): void {
  /** WebKit opens windows in the handler of a click only, and the call knows later what it needs. */
  const blocksWindowsOfCalls = engine === 'webkit';

  async function fillForm(options: Readonly<Record<string, string>> = {}): Promise<Tab> {
    const tab = await stage.openForm('Ben Brown', options);
    await tab.type('#subject', 'Half a letter');
    return tab;
  }

  /** Returns the window that asks for the permission. */
  async function pressForConsent(tab: Tab, button: string): Promise<Tab> {
    if (!blocksWindowsOfCalls) return tab.pressForWindow(button);
    await tab.press(button);
    return tab.pressForWindow('Continue');
  }

  for (const [button, status] of [
    ['Read mail', '200'],
    ['Save draft', '201'],
  ] as const) {
    it(`opens a window at once or after one click, succeeds and keeps the form: ${button}`, async () => {
      const tab = await fillForm({ ifBlocked: 'wait' });
      const popup = await pressForConsent(tab, button);
      await popup.press('Accept');
      await popup.closed();
      await ends(tab, status);
      await expectForm(tab);
    });
  }

  it('reports that the user has declined in the window, and does not ask again', async () => {
    const tab = await fillForm({ ifBlocked: 'wait' });
    const popup = await pressForConsent(tab, 'Read mail');
    await popup.press('Cancel');
    await popup.closed();
    await ends(tab, 'consent_declined');
    await tab.press('Read mail');
    await ends(tab, 'consent_declined', 'BffProblem consent_declined');
    await expectForm(tab);
  });

  it.runIf(blocksWindowsOfCalls)('keeps the form of an app that only handles errors', async () => {
    const tab = await fillForm();
    await tab.press('Read mail');
    await ends(tab, 'blocked');
    const popup = await tab.pressForWindow('Ask me again');
    await popup.press('Accept');
    await popup.closed();
    await ends(tab, 'blocked', 'signed_in');
    await tab.press('Read mail');
    await ends(tab, 'blocked', 'signed_in', '200');
    await expectForm(tab);
  });

  it('continues at the same address after a redirect', async () => {
    const options = { interaction: 'redirect', view: 'new' };
    const tab = await stage.openForm('Ben Brown', options);
    await tab.window.evaluate(`void (location.hash = 'third')`);
    await tab.press('Read mail');
    await tab.press('Accept');
    await ends(tab, 'redirecting', 'back for consent_required', '200');
    expect(await tab.url()).toBe(`${stage.formAt(options)}#third`);
  });

  it('reports after a redirect that the user has declined', async () => {
    const tab = await stage.openForm('Ben Brown', { interaction: 'redirect' });
    await tab.press('Read mail');
    await tab.press('Cancel');
    await tab.see('Permission declined');
    await tab.follow('Back to the app');
    await ends(tab, 'redirecting', 'back for consent_required', 'BffProblem consent_declined');
  });
}

function describeTwoTabs(stage: EngineStage): void {
  it('can sign in at the same time', async () => {
    const tabs = [await stage.openTab(), await stage.openTab()];
    for (const tab of tabs) {
      await tab.goto(stage.origin);
      await tab.press('Sign in');
      await tab.see('Pick an account');
    }
    const [left, right] = tabs;
    await left?.press(/Alice Adams/);
    await left?.press('Accept');
    await left?.see('Hello, Alice Adams');
    await right?.press(/Alice Adams/);
    await right?.see('Hello, Alice Adams');
    await left?.press('Show my messages');
    await left?.see('Your permission is needed');
  });

  it('learn of a sign-out and of the next sign-in', async () => {
    grantSignIn(stage.world, 'Alice Adams');
    const tab = await signInAtDemo(stage);
    await tab.see('Hello, Alice Adams');
    const other = await stage.openTab();
    await other.goto(stage.origin);
    await other.see('Hello, Alice Adams');
    await tab.press('Sign out');
    await other.seeText('Your session has ended');
    await tab.follow('Back to the app');
    await tab.press('Sign in');
    await tab.press(/Alice Adams/);
    await tab.see('Hello, Alice Adams');
    await other.see('Hello, Alice Adams');
  });
}

function describeSignOut(stage: EngineStage): void {
  it('ends the session here and at Entra ID, and shows the way back to the app', async () => {
    grantSignIn(stage.world, 'Alice Adams');
    const tab = await signInAtDemo(stage);
    await tab.press('Sign out');
    await tab.see('You are signed out');
    await tab.follow('Back to the app');
    await tab.see(/You sign in/);
    await tab.press('Sign in');
    await tab.see('Pick an account');
    expect(await tab.window.evaluate('document.body.innerText')).not.toContain('signed in');
  });

  it('works by the form of the page too', async () => {
    grantSignIn(stage.world, 'Alice Adams');
    const tab = await signInAtDemo(stage);
    await tab.see('Hello, Alice Adams');
    await tab.goto(`${stage.origin}/api/auth/logout`);
    await tab.see('Sign out?');
    await tab.press('Sign out');
    await tab.see('You are signed out');
  });
}

function describeAdminConsole(stage: EngineStage): void {
  it('finds a user, and ends a session after a question', async () => {
    const { world, origin } = stage;
    grantSignIn(world);
    await signIn(stage.otherBrowser(), { user: 'ben' });
    grantSignIn(world, 'Alice Adams', ['User.ReadBasic.All']);
    const tab = await stage.openTab();
    await tab.goto(`${origin}/api/admin`);
    await tab.press(/Alice Adams/);
    await tab.see('Administration');
    await tab.type('#user', 'ben@contoso.example\n');
    await tab.follow('Ben Brown');
    await tab.see('Sessions in this app');
    await tab.press(/^End this session: 1 of 1/);
    await tab.seeText('End this session?');
    await tab.press(/^End session$/);
    await tab.seeText('Session ended.');
    await tab.seeText('No sessions.');
  });
}

function describeBack(stage: EngineStage): void {
  it('leads to the return path of the sign-in, and from there to the page before it', async () => {
    grantSignIn(stage.world, 'Ben Brown');
    const before = `${stage.world.entra.origin}/switches`;
    const tab = await stage.openTab();
    await tab.goto(before);
    await tab.see(/./);
    await tab.goto(`${stage.origin}/api/auth/login?return_to=/form.html`);
    await tab.press(/Ben Brown/);
    await tab.see('Form');
    const place = `${stage.origin}/form.html`;
    for (const shown of [place, before]) {
      await tab.window.evaluate('void (window.isLeft = true)');
      await tab.window.back();
      await tab.until(`window.isLeft === undefined && location.href === ${JSON.stringify(shown)}`);
    }
  });

  it('and a reload keep the user signed in', async () => {
    const tab = await stage.openForm('Ben Brown');
    const place = await tab.url();
    const steps = [tab.window.back, tab.window.reload];
    for (const step of steps) {
      await tab.window.evaluate('void (window.isLeft = true)');
      await step();
      await tab.until(`window.isLeft === undefined && location.href === ${JSON.stringify(place)}`);
      await tab.seeText('signed_in Ben Brown', '#user');
    }
  });
}

function describeSignInOverTls(stage: EngineStage): void {
  it('a sign-in works with the cookies of a deployment', async () => {
    grantSignIn(stage.world, 'Alice Adams');
    const tab = await stage.openTab();
    await tab.goto(stage.tlsOrigin);
    await tab.press('Sign in');
    await tab.press(/Alice Adams/);
    await tab.see('Hello, Alice Adams');
    expect(stage.callbacks).toEqual([
      { isBounced: false, cookies: [] },
      { isBounced: true, cookies: [expect.stringMatching(/^__Host-tx-\d$/)] },
    ]);
    await tab.window.reload();
    await tab.see('Hello, Alice Adams');
  });
}
