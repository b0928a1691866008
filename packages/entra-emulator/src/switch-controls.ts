import { type Html, html } from '@entra-bff/emulator-kit';
import type { Authority } from './authority.ts';
import { describedSwitches } from './switch-descriptions.ts';
import { defaultEntraSwitches, type Switches } from './switches.ts';

type Described = (typeof describedSwitches)[number]['items'][number];

/** One switch of the form: its label, control and effect. */
export function switchControl(item: Described, switches: Switches): Html {
  const effectId = `${item.name}-effect`;
  const effect = html`<p class="effect" id="${effectId}">${item.effect}</p>`;
  if (item.kind === 'yes-no')
    return html`<div class="switch"><label class="check"><input type="checkbox" name="${item.name}" value="on" aria-describedby="${effectId}"${switches[item.name] ? html` checked` : ''}> <span>${item.label}</span></label>${effect}</div>`;
  return html`<div class="switch"><div class="row"><label for="${item.name}">${item.label}</label>${control(item, switches, effectId)}</div>${effect}</div>`;
}

function control(item: Exclude<Described, { kind: 'yes-no' }>, switches: Switches, effectId: string): Html {
  switch (item.kind) {
    case 'number':
      return html`<input type="number" id="${item.name}" name="${item.name}" min="0" step="1" required aria-describedby="${effectId}" value="${switches[item.name]}">`;
    case 'words':
      return html`<input type="text" id="${item.name}" name="${item.name}" autocomplete="off" spellcheck="false" maxlength="200" aria-describedby="${effectId}" value="${switches[item.name]}">`;
    case 'choice':
      return html`<select id="${item.name}" name="${item.name}" aria-describedby="${effectId}">${item.options.map(
        ([value, label]) =>
          html`<option value="${value}"${value === switches[item.name] ? html` selected` : ''}>${label}</option>`,
      )}</select>`;
  }
}

/** Every switch that is not as in an emulator without any failure, and users whose account or password does not work. */
export function describeSwitchedOn({
  switches,
  directory,
  blockedUsers,
  expiredPasswords,
}: Pick<Authority, 'switches' | 'directory' | 'blockedUsers' | 'expiredPasswords'>): string[] {
  const off = defaultEntraSwitches();
  const changed = describedSwitches
    .flatMap((group) => group.items)
    .filter(({ name }) => switches[name] !== off[name]);
  const namesOf = (ids: ReadonlySet<string>) =>
    directory.users.filter(({ id }) => ids.has(id)).map(({ name }) => name);
  return [
    ...changed.map((item) => `${item.label}${valueText(item, switches)}`),
    ...namesOf(blockedUsers).map((name) => `The account of ${name} is disabled`),
    ...namesOf(expiredPasswords).map((name) => `The password of ${name} has expired`),
  ];
}

function valueText(item: Described, switches: Switches): string {
  const value = switches[item.name];
  if (item.kind === 'yes-no') return '';
  const label = item.kind === 'choice' ? item.options.find(([option]) => option === value)?.[1] : undefined;
  return `: ${label ?? value}`;
}

/** Reads the whole form. A missing checkbox is off; an invalid number or choice keeps its default. */
export function readSwitches(form: URLSearchParams): Switches {
  const read = defaultEntraSwitches();
  for (const item of describedSwitches.flatMap((group) => group.items)) {
    const text = form.get(item.name);
    switch (item.kind) {
      case 'yes-no':
        read[item.name] = text !== null;
        break;
      case 'number':
        read[item.name] = parseWholeNumber(text) ?? read[item.name];
        break;
      case 'words':
        read[item.name] = (text ?? '').slice(0, 200);
        break;
      case 'choice':
        item.choose(read, text);
        break;
    }
  }
  return read;
}

function parseWholeNumber(text: string | null): number | undefined {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
