import { BROWSER_MAP, OS_MAP } from 'bowser';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDeviceLabel } from '../../../src/shared/http/device-label.ts';

const webKit = 'AppleWebKit/537.36 (KHTML, like Gecko)';
const iPhone =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)';

describe('the label of a browser', () => {
  it.each([
    [
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webKit} Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0`,
      'Edge on Windows',
    ],
    [
      `Mozilla/5.0 (Linux; Android 10; K) ${webKit} Chrome/141.0.0.0 Mobile Safari/537.36`,
      'Chrome on Android',
    ],
    [
      `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${webKit} Chrome/141.0.0.0 Safari/537.36`,
      'Chrome on Chrome OS',
    ],
    [
      `Mozilla/5.0 (Linux; Android 14; SM-S921B) ${webKit} SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36`,
      'Samsung Internet on Android',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:143.0) Gecko/20100101 Firefox/143.0',
      'Firefox on macOS',
    ],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0', 'Firefox on Linux'],
    [`${iPhone} Version/18.5 Mobile/15E148 Safari/604.1`, 'Safari on iPhone'],
    [`${iPhone} CriOS/141.0.0.0 Mobile/15E148 Safari/604.1`, 'Chrome on iPhone'],
    [`${iPhone} Version/18.0 EdgiOS/141.0.0.0 Mobile/15E148 Safari/604.1`, 'Edge on iPhone'],
    [
      'Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1',
      'Safari on iPad',
    ],
  ])('of %s is "%s"', async (userAgent, label) => {
    expect(await readDeviceLabel(userAgent)).toBe(label);
  });

  it.each([
    undefined,
    '',
    ' ',
    'curl/8.5.0',
    'hello',
    'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
    // A known system, with other words in place of a browser's name.
    'Alice Adams alice@contoso.example/1.0 (Windows NT 10.0)',
    '<img src=x onerror=alert(1)>/1.0 (Windows NT 10.0)',
    `${'A'.repeat(400)}/1.0 (Windows NT 10.0)`,
    '__proto__/1.0 (Windows NT 10.0)',
    'constructor/1.0 (Windows NT 10.0)',
    // A known browser on an unknown system.
    `Mozilla/5.0 (Plan 9) ${webKit} Chrome/141.0.0.0 Safari/537.36`,
  ])('is absent for %j', async (userAgent) => {
    expect(await readDeviceLabel(userAgent)).toBeUndefined();
  });

  it('is read from the first 512 characters only', async () => {
    const { length } = 'Mozilla/5.0 (X11; Linux x86_64) ';
    const firefoxBehind = (padding: number) =>
      `Mozilla/5.0 (X11; Linux x86_64) ${'x'.repeat(padding)} Firefox/143.0`;
    expect(await readDeviceLabel(firefoxBehind(512 - length - ' Firefox/143.0'.length))).toBe(
      'Firefox on Linux',
    );
    expect(await readDeviceLabel(firefoxBehind(512 - length))).toBeUndefined();
  });

  it('consists of known names, has at most 60 printable characters, and is computed quickly, for any header', async () => {
    const names = [...Object.values(BROWSER_MAP), ...Object.values(OS_MAP)];
    const piece = fc.oneof(
      fc.constantFrom(
        'Mozilla/5.0 (',
        'Windows NT 10.0',
        ')',
        ' ',
        ';',
        '/',
        '1.0',
        'iPhone; CPU iPhone OS 18_5',
        ...names,
      ),
      fc.string({ unit: 'binary', maxLength: 40 }),
    );
    const userAgents = fc.array(piece, { minLength: 1, maxLength: 200 }).map((pieces) => pieces.join(''));
    const startedMs = performance.now();
    await fc.assert(
      fc.asyncProperty(userAgents, async (userAgent) => {
        const label = (await readDeviceLabel(userAgent)) ?? 'Edge on Windows';
        expect(label).toMatch(/^[A-Za-z0-9 -]{1,60}$/);
      }),
      { numRuns: 1000 },
    );
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });
});
