import { globSync } from 'node:fs';
import { demoDirectory } from '@entra-bff/directory';
import type { EntraEmulator } from '@entra-bff/entra-emulator';
import { startTestEmulator } from '@entra-bff/entra-emulator/testing';
import { type GraphEmulator, startGraphEmulator } from '@entra-bff/graph-emulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeBlockWith, exists, readText, root } from '../support/documents.ts';

const document = readText('docs/guides/emulators.md');
const [, cases = ''] = /^## Cases\n\n([\s\S]*?)\n\n/m.exec(document) ?? [];
const rows = cases.split('\n').slice(2);

const sourceOf = (emulator: string) =>
  globSync(`packages/${emulator}/src/*.ts`, { cwd: root }).map(readText).join('\n');

describe('docs/guides/emulators.md', () => {
  it.each([
    ['entra-emulator', 2],
    ['graph-emulator', 3],
  ])('names only switches, functions and error numbers that %s has', (emulator, column) => {
    const cells = rows.map((row) => row.split(/ *\| */)[column] ?? '').join('\n');
    const code = [...cells.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
    const identifiers = code.flatMap((text) => text.match(/\b[a-z]+(?:[A-Z][a-z]+)+\b/g) ?? []);
    const numbers = cells.match(/\b\d{5,6}\b/g) ?? [];
    const source = sourceOf(emulator);
    const isKnown = (name: string) => new RegExp(`(?:\\b|AADSTS)${name}\\b`).test(source);
    expect(identifiers.length).toBeGreaterThan(5);
    expect([...identifiers, ...numbers].filter((name) => !isKnown(name))).toEqual([]);
  });

  it('names the file of the invented users', () => {
    const [, path = ''] = /invented users are in `([^`]+)`/.exec(document) ?? [];
    expect(exists(path)).toBe(true);
    expect(readText(path)).toContain('"isTenantAdministrator": true');
  });
});

describe('the control API in docs/guides/emulators.md', () => {
  let entra: EntraEmulator;
  let graph: GraphEmulator;

  beforeAll(async () => {
    entra = await startTestEmulator({ directory: demoDirectory });
    graph = await startGraphEmulator({ directory: demoDirectory, entra });
  });
  afterAll(() => Promise.all([entra.close(), graph.close()]));

  const send = async (emulator: string, name: string, method: string, body?: string) => {
    const { origin } = emulator === 'Graph' ? graph : entra;
    const response = await fetch(`${origin}/_emulator/${name}`, {
      method,
      ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };
  const namesOf = async (emulator: string, name: string) =>
    (await send(emulator, name, 'POST', '{"action":"?"}')).body;

  it('has exactly the endpoints of the emulators', async () => {
    const shown = [...document.matchAll(/^\| `(\w+) \/_emulator\/([\w-]+)` \| (both|Entra ID|Graph) \|/gm)];
    for (const emulator of ['Entra ID', 'Graph']) {
      const { endpoints } = (await send(emulator, 'unknown', 'GET')).body;
      const names = shown.filter(([, , , where]) => where === 'both' || where === emulator);
      expect(new Set(names.map(([, , name]) => name))).toEqual(new Set(endpoints));
      for (const [, method = '', name = ''] of names) {
        const { status } = await send(emulator, name, method, method === 'GET' ? undefined : '{"unknown":0}');
        expect([name, status]).not.toEqual([name, 405]);
      }
    }
  });

  it('has exactly the actions of the emulators', async () => {
    const rows = [...document.matchAll(/^\| (`[\w-]+`(?:, `[\w-]+`)*) \| (Entra ID|Graph) \|/gm)];
    for (const emulator of ['Entra ID', 'Graph']) {
      const shown = rows
        .filter(([, , where]) => where === emulator)
        .flatMap(([, names = '']) => [...names.matchAll(/`([\w-]+)`/g)].map(([, name]) => name));
      expect(new Set(shown)).toEqual(new Set((await namesOf(emulator, 'actions')).actions));
    }
  });

  it('accepts the body of the sign-in and the switches that are shown', async () => {
    const { text: body } = codeBlockWith('docs/guides/emulators.md', '"secondFactor"');
    expect(await send('Entra ID', 'sign-in', 'POST', body)).toMatchObject({
      status: 200,
      body: { user: { name: 'Ben Brown' } },
    });
    const { text: command } = codeBlockWith('docs/guides/emulators.md', 'curl -X PUT');
    const [, json = ''] = /-d '(.*?)'/.exec(command) ?? [];
    expect(await send('Graph', 'switches', 'PUT', json)).toMatchObject({ body: { throttledCalls: 2 } });
  });
});
