import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Html, html } from '../entra-emulator/html.ts';
import { type GraphSwitches, goodDay } from './switches.ts';

// One look for both emulators.
const style = readFileSync(new URL('../entra-emulator/page.css', import.meta.url), 'utf8');
const styleSource = `'sha256-${createHash('sha256').update(style).digest('base64')}'`;

/** Headers of the page; it runs no script and loads nothing. */
export const switchesPageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src ${styleSource}; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
  // A stricter policy would turn the Origin of our own form into null.
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};

/** The page on which a person makes Graph fail. */
export function switchesPage(switches: GraphSwitches, entraOrigin: string, isSaved: boolean): string {
  const throttling =
    switches.throttledCalls === 0 ? 'off' : switches.throttledCalls === Infinity ? 'all' : 'next';
  const nextCalls = throttling === 'next' ? switches.throttledCalls : 1;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Switches - Graph emulator</title>
<link rel="icon" href="data:,">
<style>${{ markup: style }}</style>
</head>
<body class="wide">
<header class="brand"><span class="brand-name">Graph</span><span class="brand-badge">Emulator - not Microsoft</span></header>
<main>
<h1>Switches</h1>
<p>Make Microsoft Graph fail the way the real one does. Changes take effect at once and last until you change them back or stop the emulator. <a href="${entraOrigin}/switches">Switches of the sign-in service</a></p>
${isSaved && html`<p class="notice" role="status">Saved. The switches are in effect now.</p>`}
<form method="post" action="/switches">
<fieldset><legend>Too many requests</legend>
${radio('throttling', 'off', throttling, 'Never', 'Calls are answered as usual.')}
${radio('throttling', 'next', throttling, 'For the next calls', 'So many calls answer 429 Too Many Requests, then all is well.')}
<div class="switch row"><label for="throttled-calls">How many calls</label>${numberField('throttled-calls', nextCalls, 1, 1000)}</div>
${radio('throttling', 'all', throttling, 'For every call', 'Until you change it back.')}
<div class="switch row"><label for="retry-after-seconds">Seconds to wait, sent as Retry-After</label>${numberField('retry-after-seconds', switches.retryAfterSeconds, 0, 3600)}</div>
</fieldset>
<fieldset><legend>Outage and delay</legend>
<div class="switch">
<label class="check"><input type="checkbox" name="unavailable"${switches.unavailable && html` checked`}>Unavailable</label>
<p class="effect">Every call answers 503 Service Unavailable.</p>
</div>
<div class="switch row"><label for="slow-ms">Milliseconds that every answer waits</label>${numberField('slow-ms', switches.slowMs, 0, 300_000)}</div>
</fieldset>
<div class="actions"><button name="action" value="reset">Reset all</button><button class="primary" name="action" value="save">Save switches</button></div>
</form>
</main>
</body>
</html>
`.markup;
}

/** Applies the posted form; a field that is missing or no number keeps its switch as it is. */
export function applySwitches(switches: GraphSwitches, form: URLSearchParams): void {
  if (form.get('action') === 'reset') {
    Object.assign(switches, goodDay);
    return;
  }
  const number = (name: string, otherwise: number) => {
    const text = form.get(name) ?? '';
    return /^\d{1,6}$/.test(text) ? Number(text) : otherwise;
  };
  const calls = { off: 0, next: number('throttled-calls', 1), all: Infinity };
  const throttling = form.get('throttling');
  if (throttling === 'off' || throttling === 'next' || throttling === 'all')
    switches.throttledCalls = calls[throttling];
  switches.retryAfterSeconds = number('retry-after-seconds', switches.retryAfterSeconds);
  switches.unavailable = form.has('unavailable');
  switches.slowMs = number('slow-ms', switches.slowMs);
}

const radio = (name: string, value: string, chosen: string, title: string, effect: string): Html => html`
<div class="switch">
<label class="check"><input type="radio" name="${name}" value="${value}"${value === chosen && html` checked`}>${title}</label>
<p class="effect">${effect}</p>
</div>`;

const numberField = (name: string, value: number, min: number, max: number): Html =>
  html`<input type="number" id="${name}" name="${name}" value="${value}" min="${min}" max="${max}" required>`;
