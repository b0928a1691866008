import {
  type EmulatorRequest,
  type Html,
  html,
  initialsOf,
  isFromForeignPage,
  pageReply,
  type Reply,
  redirectTo,
} from '@entra-bff/emulator-kit';
import type { Authority } from './authority.ts';
import { findRegistration } from './authority.ts';
import { isSameAddress } from './authorize-request.ts';
import type { Browser, SignedInAccount } from './browsers.ts';
import { usernameOfHint } from './tokens.ts';

/** The end-session endpoint. `logout_hint` identifies the account to sign out; without it the user picks one. */
export function handleLogout(authority: Authority, request: EmulatorRequest): Reply {
  const browser = authority.browsers.open(request.headers);
  const isAnswer =
    request.method === 'POST' && request.form.has('account') && !isFromForeignPage(request, authority.origin);
  const parameters = isAnswer ? new URLSearchParams(request.form.get('request') ?? '') : merged(request);
  const accounts = [...browser.accounts.values()];

  const hint = parameters.get('logout_hint');
  const account =
    hint === null
      ? accounts.find(({ user }) => isAnswer && user.id === request.form.get('account'))
      : accounts.find(({ user }) => user.username === usernameOfHint(hint).toLowerCase());
  if (account === undefined && hint === null && accounts.length > 0)
    return pickerPage(request.path, parameters, accounts);

  const frames = account === undefined ? [] : frontChannelLogoutUrls(authority, account);
  if (account !== undefined) browser.accounts.delete(account.user.id);
  const returnUri = registeredReturn(authority, parameters);
  if (returnUri !== undefined && frames.length === 0) return redirectTo(returnUri);
  return signedOutPage(frames, returnUri, browser);
}

function merged(request: EmulatorRequest): URLSearchParams {
  return new URLSearchParams([...request.query, ...request.form]);
}

/** Returns the URL to return to, if an app has registered it. */
function registeredReturn(authority: Authority, parameters: URLSearchParams): string | undefined {
  const requested = parameters.get('post_logout_redirect_uri');
  if (requested === null) return undefined;
  const isRegistered = authority.directory.registrations.some((registration) =>
    [...registration.postLogoutRedirectUris, ...registration.redirectUris].some((uri) =>
      isSameAddress(uri, requested),
    ),
  );
  if (!isRegistered) return undefined;
  const url = new URL(requested);
  const state = parameters.get('state');
  if (state !== null) url.searchParams.set('state', state);
  return url.href;
}

/** Returns the URLs that notify every app that used this sign-in of its end. They load in frames without the app's cookies. */
function frontChannelLogoutUrls(authority: Authority, account: SignedInAccount): string[] {
  const urls: string[] = [];
  for (const { clientId, appOrigin } of account.apps.values()) {
    const registered = findRegistration(authority, clientId)?.frontChannelLogoutUrl;
    if (registered === undefined) continue;
    // A registration has `http://localhost` without a port. The app runs at the origin of its sign-in.
    const url = new URL(registered);
    const target = new URL(
      url.hostname === 'localhost' ? `${appOrigin}${url.pathname}${url.search}` : url.href,
    );
    target.searchParams.set('sid', account.sid);
    urls.push(target.href);
  }
  return urls;
}

function pickerPage(
  action: string,
  parameters: URLSearchParams,
  accounts: readonly SignedInAccount[],
): Reply {
  const tiles: Html[] = accounts.map(
    ({ user }) => html`<li><button class="tile" name="account" value="${user.id}">
<span class="portrait" aria-hidden="true">${initialsOf(user.name)}</span>
<span class="tile-text"><b>${user.name}</b><span>${user.username} · signed in</span></span>
</button></li>`,
  );
  return pageReply({
    title: 'Pick an account to sign out',
    content: html`
<h1>Which account do you want to sign out of?</h1>
<form method="post" action="${action}">
<input type="hidden" name="request" value="${parameters.toString()}">
<ul class="tiles">${tiles}</ul>
</form>`,
  });
}

function signedOutPage(frames: readonly string[], returnUri: string | undefined, browser: Browser): Reply {
  const remaining = browser.accounts.size;
  return pageReply({
    title: 'You signed out',
    frameOrigins: [...new Set(frames.map((frame) => new URL(frame).origin))],
    // The frames get one second to load.
    headers: returnUri === undefined ? {} : { refresh: `1; url=${returnUri}` },
    content: html`
<h1>You signed out of your account</h1>
<p class="quiet">${remaining === 0 ? 'It’s a good idea to close all browser windows.' : `${remaining} more ${remaining === 1 ? 'account is' : 'accounts are'} still signed in.`}</p>
${frames.map((frame) => html`<iframe class="hidden-frame" title="Sign-out of an app" src="${frame}"></iframe>`)}
${returnUri !== undefined && html`<div class="actions"><a class="button primary" href="${returnUri}">Continue</a></div>`}`,
  });
}
