import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readAllPages } from '../../examples/frontend/all-pages.ts';
import { readParts, readUserAndMail } from '../../examples/frontend/batch.ts';
import { endOtherSessions, endSession, readSessions } from '../../examples/frontend/own-sessions.ts';
import { linkAttachment, showPhoto } from '../../examples/frontend/pictures.ts';
import { createMailReader } from '../../examples/frontend/read-mail.ts';
import { reloadForAnotherUser, showSession } from '../../examples/frontend/session-changes.ts';
import { showWaiting } from '../../examples/frontend/waiting.ts';
import { codeBlockWith } from '../support/documents.ts';
import type { UserAgent } from '../support/user-agent.ts';
import { grantSignIn, signIn, startWorld, type Worker, type World } from '../support/world.ts';
import { openClientPage } from './client-page.ts';

let world: World;
let worker: Worker;

beforeAll(async () => {
  world = await startWorld();
  worker = await world.startWorker();
  grantSignIn(world);
  grantSignIn(world, 'Alice Adams', ['Mail.Read', 'Files.Read']);
});
afterAll(() => world.close());

async function signedIn(user: string): Promise<UserAgent> {
  const browser = worker.browser();
  await signIn(browser, { user });
  return browser;
}

const open = async (user: string, options = {}) => {
  const browser = await signedIn(user);
  return { browser, ...openClientPage(browser, worker.origin, options) };
};

const mailView = () => ({ show: vi.fn(), showError: vi.fn(), showButton: vi.fn() });

describe('examples/frontend', () => {
  it('read-mail.ts shows messages', async () => {
    const { client } = await open('alice');
    const view = mailView();
    await createMailReader(client, view)();
    expect(view.show).toHaveBeenCalledExactlyOnceWith(
      Array.from({ length: 10 }, () => expect.objectContaining({ subject: expect.any(String) })),
    );
    expect([view.showError, view.showButton].flatMap(({ mock }) => mock.calls)).toEqual([]);
  });

  it('read-mail.ts offers a button if the permission is missing, and asks when it is clicked', async () => {
    const { client, page } = await open('ben', { interaction: 'manual' });
    const view = mailView();
    await createMailReader(client, view)();
    expect(view.showButton).toHaveBeenCalledOnce();
    view.showButton.mock.calls[0]?.[1]();
    await expect.poll(() => page.popups.map(({ url }) => url.pathname)).toEqual(['/api/auth/login']);
    client.cancel();
    await expect
      .poll(() => view.showError.mock.calls)
      .toEqual([[expect.objectContaining({ kind: 'canceled' })]]);
  });

  it('read-mail.ts shows nothing while the browser is leaving the page', async () => {
    const { client, page } = await open('ben', { interaction: 'redirect' });
    const view = mailView();
    await createMailReader(client, view)();
    expect(page.visited).toHaveLength(1);
    expect([view.show, view.showError, view.showButton].flatMap(({ mock }) => mock.calls)).toEqual([]);
  });

  it('waiting.ts shows that a call waits, and cancels it', async () => {
    const { client, page } = await open('ben', { ifBlocked: 'wait' });
    const waiting = { hidden: true };
    const button: Pick<HTMLElement, 'onclick'> = { onclick: null };
    const continueButton: Pick<HTMLElement, 'hidden' | 'onclick'> = { hidden: true, onclick: null };
    showWaiting(client, waiting, continueButton, button);
    page.blocksPopups = 'null';
    const call = client.graph('/me/messages').catch(({ kind }: { kind: string }) => kind);
    await expect.poll(() => waiting.hidden).toBe(false);
    expect(continueButton.hidden).toBe(false);
    page.blocksPopups = 'no';
    (continueButton.onclick as () => void)();
    expect(page.popups).toHaveLength(1);
    await expect.poll(() => continueButton.hidden).toBe(true);
    (button.onclick as () => void)();
    expect(await call).toBe('canceled');
    expect(waiting.hidden).toBe(true);
  });

  it('session-changes.ts shows the user, warns before the session ends, and reloads for another user', async () => {
    const { client, page, browser } = await open('alice');
    const view = { warning: { hidden: false }, showWarning: vi.fn(), showUser: vi.fn() };
    const reload = vi.fn();
    showSession(client, view);
    reloadForAnotherUser(client, { reload });
    await client.session();
    expect(view.showUser).toHaveBeenLastCalledWith(expect.objectContaining({ name: 'Alice Adams' }));
    expect(view.warning.hidden).toBe(true);
    expect(reload).not.toHaveBeenCalled();

    await page.advance(3600 - 110);
    await expect.poll(() => view.showWarning.mock.calls).toEqual([[expect.any(Number), 'session_idle']]);
    expect(view.warning.hidden).toBe(false);

    browser.jar.clear();
    await signIn(browser, { user: 'ben' });
    page.tabs.say({ type: 'entra-bff:session', change: 'signed_in' });
    await expect.poll(() => reload.mock.calls).toHaveLength(1);
  });

  it('own-sessions.ts lists and ends the sessions of the user', async () => {
    const [here, there, elsewhere] = [await open('ben'), await open('ben'), await open('ben')];
    const { sessions, complete } = await readSessions(here.client);
    expect([sessions.length >= 3, complete]).toEqual([true, true]);
    const [{ id }] = (await readSessions(there.client)).sessions.filter(
      ({ current }: { current: boolean }) => current,
    );
    expect(await endSession(here.client, id)).toBe(204);
    expect((await there.browser.scriptJson('/api/auth/session'))['signed_in']).toBe(false);
    const { ended } = await endOtherSessions(here.client);
    expect(ended).toBe(sessions.length - 2);
    expect((await elsewhere.browser.scriptJson('/api/auth/session'))['signed_in']).toBe(false);
    expect((await here.browser.scriptJson('/api/auth/session'))['signed_in']).toBe(true);
  });

  it('pictures.ts shows the photo, and links an attachment', async () => {
    const { client, browser } = await open('alice');
    await client.session();
    const image: Parameters<typeof showPhoto>[1] = { hidden: false, onerror: null, src: '' };
    showPhoto(client, image);
    const load = (address: string, destination: string, mode: string) => {
      const { pathname, search } = new URL(address);
      const headers = {
        'sec-fetch-site': 'same-origin',
        'sec-fetch-mode': mode,
        'sec-fetch-dest': destination,
      };
      return browser.request(pathname + search, { headers });
    };
    const photo = await load(image.src, 'image', 'no-cors');
    expect([photo.status, photo.headers['content-type']]).toEqual([200, expect.stringMatching(/^image\//)]);
    (image.onerror as () => void)();
    expect(image.hidden).toBe(true);

    const mails = await client.graph('/me/messages?$select=id,hasAttachments&$top=50');
    const mail = (await mails.json()).value.find((one: { hasAttachments: boolean }) => one.hasAttachments);
    const attachments = await client.graph(`/me/messages/${mail.id}/attachments?$select=id,name`);
    const [attachment] = (await attachments.json()).value;
    const link: Parameters<typeof linkAttachment>[1] = { href: '', onclick: null };
    linkAttachment(client, link, mail.id, attachment.id);
    (link.onclick as () => void)();
    const file = await load(link.href, 'document', 'navigate');
    expect([file.status, file.headers['content-disposition']]).toEqual([
      200,
      expect.stringMatching(/^attachment/),
    ]);
    expect(file.bytes.length).toBeGreaterThan(0);
  });

  it('all-pages.ts reads every page', async () => {
    const { client } = await open('alice');
    expect(await readAllPages(client, '/me/messages?$select=subject&$top=10')).toHaveLength(35);
    await expect(readAllPages(client, '/me/messages/none-1/attachments')).rejects.toThrow('Graph: 404');
  });

  it('batch.ts makes two calls with one request, and asks for what a part needs', async () => {
    const { client, page } = await open('alice');
    expect(await readParts(client, await readUserAndMail(client))).toMatchObject([
      { id: 'me', status: 200, body: { displayName: 'Alice Adams' } },
      { id: 'mail', status: 200, body: { value: { length: 5 } } },
    ]);
    const body = { code: 'interaction_required', login_url: '/api/auth/login', reason: 'claims_challenge' };
    const answered = (headers: HeadersInit) =>
      new Response(JSON.stringify({ responses: [{ id: 'me', status: 401, body }] }), { headers });
    // Without the header, Graph wrote this part.
    await readParts(client, answered({}));
    expect(page.popups).toEqual([]);
    const asked = readParts(client, answered({ 'bff-answered-parts': '0' })).catch(
      ({ kind }: { kind: string }) => kind,
    );
    await expect.poll(() => page.popups).toHaveLength(1);
    client.cancel();
    expect(await asked).toBe('canceled');
  });
});

describe('the answers that guides show', () => {
  it('have the members of the session that the service describes', async () => {
    const browser = await signedIn('alice');
    const shown = JSON.parse(codeBlockWith('docs/guides/your-frontend.md', '"session_tag"').text);
    const session = await browser.scriptJson('/api/auth/session');
    expect(Object.keys(session)).toEqual(Object.keys(shown));
    const { session_tag, features, signed_in_at, expires_at, idle_expires_at, ...constant } = shown;
    expect(session).toMatchObject(constant);
    expect(session['features']).toMatchObject({ profile: 'granted' });
  });

  it('have the member by which a file is found', async () => {
    const browser = await signedIn('alice');
    const shown = JSON.parse(codeBlockWith('docs/graph-proxy.md', '"@microsoft.graph.downloadUrl":').text);
    const children = await browser.scriptJson('/api/graph/v1.0/me/drive/root/children?$select=id');
    const [{ id }] = children['value'] as [{ id: string }];
    const link = await browser.scriptJson(`/api/graph/v1.0/me/drive/items/${id}/content`);
    expect(Object.keys(link)).toEqual(Object.keys(shown));
  });
});
