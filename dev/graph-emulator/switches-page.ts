import { type Html, html } from '../entra-emulator/html.ts';
import type { Reply } from '../entra-emulator/http.ts';
import { pageReply } from '../entra-emulator/page.ts';
import { type GraphSwitches, goodDay } from './switches.ts';

/** The page that makes the emulated Graph fail on command; works without script. */
export function switchesPage(switches: GraphSwitches, saved: boolean): Reply {
  return pageReply({
    title: 'Switches',
    brand: 'Graph',
    layout: 'wide',
    content: html`
<h1>Switches</h1>
<p>Make Microsoft Graph fail the way the real one does. Changes take effect at once.</p>
${saved && html`<p class="notice" role="status">Saved. The switches are in effect now.</p>`}
<form method="post" action="/switches">
<fieldset><legend>Throttling</legend>
${numberField('throttledCalls', 'Calls that answer 429', switches.throttledCalls === Number.POSITIVE_INFINITY ? 1_000_000 : switches.throttledCalls)}
${numberField('retryAfterSeconds', 'Retry-After in seconds', switches.retryAfterSeconds)}
</fieldset>
<fieldset><legend>Outage</legend>
<div class="switch"><label class="check"><input type="checkbox" name="unavailable" value="yes"${switches.unavailable && html` checked`}> <span>Every call answers 503</span></label></div>
${numberField('slowMs', 'Delay of every answer in milliseconds', switches.slowMs)}
</fieldset>
<div class="actions"><button name="action" value="reset">All as on a good day</button><button class="primary" name="action" value="save">Save switches</button></div>
</form>`,
  });
}

function numberField(name: string, label: string, value: number): Html {
  return html`<div class="switch"><div class="row"><label for="${name}">${label}</label><input type="number" min="0" max="1000000" id="${name}" name="${name}" value="${value}"></div></div>`;
}

/** What the form says; what it does not say stays. */
export function readSwitches(form: URLSearchParams, current: GraphSwitches): GraphSwitches {
  if (form.get('action') === 'reset') return { ...goodDay };
  const read = (name: 'throttledCalls' | 'retryAfterSeconds' | 'slowMs') => {
    const text = form.get(name) ?? '';
    return /^\d{1,7}$/.test(text) ? Number(text) : current[name];
  };
  return {
    throttledCalls: read('throttledCalls'),
    retryAfterSeconds: read('retryAfterSeconds'),
    unavailable: form.get('unavailable') === 'yes',
    slowMs: read('slowMs'),
  };
}
