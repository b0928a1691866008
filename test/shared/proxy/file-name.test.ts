import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toAttachment } from '../../../src/shared/proxy/file-name.ts';

const plainName = /^attachment; filename\*=UTF-8''((?:[A-Za-z0-9!#$&+.^_`|~-]|%[0-9A-Fa-f]{2})+)$/;

/** The file name as a browser decodes it. Undefined if the header is dropped. */
function nameOf(header: string): string | undefined {
  const value = toAttachment(header);
  if (value === undefined) return undefined;
  const [, name = ''] = plainName.exec(value) ?? [];
  expect(name, value).not.toBe('');
  return decodeURIComponent(name);
}

const utf8 = (text: string) => Buffer.from(text).toString('latin1');

describe('the file name of a download', () => {
  it.each([
    ['attachment; filename=report.pdf', 'report.pdf'],
    ['attachment; filename="Q1 [draft] #3.docx"', 'Q1 [draft] #3.docx'],
    ['inline; filename="a.txt"', 'a.txt'],
    ['Attachment ; FileName = "a.txt"', 'a.txt'],
    ['attachment;filename="a \\"quoted\\" name.txt"', 'a _quoted_ name.txt'],
    ["attachment; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.txt", 'naïve €.txt'],
    ['attachment; filename="fallback.txt"; filename*=utf-8\'de\'%F0%9F%98%80.txt', '😀.txt'],
    ["attachment; filename*=UTF-8''a.txt; filename=b.txt", 'a.txt'],
    ["attachment; filename*=iso-8859-1''na%EFve.txt", 'naïve.txt'],
    [`attachment; filename="${utf8('Übersicht – 表.xlsx')}"`, 'Übersicht – 表.xlsx'],
    [`attachment; filename="${Buffer.from('caf\u00e9.txt', 'latin1').toString('latin1')}"`, 'café.txt'],
    ['attachment; filename="50%25 off.txt"', '50%25 off.txt'],
    ['attachment; size=3; name="x; filename=evil.exe"; filename="a.txt"', 'a.txt'],
    ['attachment; filename="it\'s (1)*.txt"', "it's (1)_.txt"],
    ['attachment; filename="a.txt", attachment; filename="b.txt"', 'a.txt'],
    ['attachment; filename="💡👩‍💻.txt"'.replace(/[^ -~]+/g, utf8), '💡👩‍💻.txt'],
  ])('is kept: %s', (header, name) => {
    expect(nameOf(header)).toBe(name);
  });

  it.each([
    undefined,
    '',
    'inline',
    'attachment',
    'attachment; filename',
    'attachment; filename=',
    'attachment; filename=""',
    'filename=a.txt',
    "attachment; filename*=UTF-8''",
    "attachment; filename*=UTF-8''%ff",
    "attachment; filename*=UTF-8''%zz",
    "attachment; filename*=UTF-16''a.txt",
    `attachment; filename="${'a'.repeat(5000)}.txt"`,
  ])('is absent, and so is the header: %s', (header) => {
    expect(toAttachment(header)).toBeUndefined();
  });

  it('takes the plain name if the extended one is broken', () => {
    expect(nameOf("attachment; filename*=UTF-8''%ff; filename=a.txt")).toBe('a.txt');
  });

  it('has at most 200 characters, with the extension', () => {
    expect(nameOf(`attachment; filename="${'a'.repeat(300)}.docx"`)).toBe(`${'a'.repeat(195)}.docx`);
    expect(nameOf(`attachment; filename="${'a.'.repeat(300)}b"`)).toBe(`${'a.'.repeat(99)}.b`);
    expect(nameOf(`attachment; filename="a.${'b'.repeat(300)}"`)).toHaveLength(200);
    expect([...(nameOf(`attachment; filename="${utf8('😀'.repeat(250))}"`) ?? '')]).toHaveLength(200);
  });
});

describe('refuses', () => {
  it.each([
    ['a path', 'attachment; filename="../../etc/passwd"', 'passwd'],
    ['a path of Windows', "attachment; filename*=UTF-8''..%5C..%5Cautoexec.bat", 'autoexec.bat'],
    ['an absolute path', 'attachment; filename="/etc/cron.d/x"', 'x'],
    ['an encoded path', "attachment; filename*=UTF-8''a%2Fb%2Fc.txt", 'c.txt'],
    ['a drive', 'attachment; filename="C:evil.exe"', 'C_evil.exe'],
    ['a stream of a file', 'attachment; filename="a.txt:evil.exe"', 'a.txt_evil.exe'],
    ['a hidden file', 'attachment; filename=".htaccess"', 'htaccess'],
    ['spaces and dots around', 'attachment; filename=" .. a.exe. . "', 'a.exe'],
    ['a name of dots', 'attachment; filename="..."', undefined],
    ['a name that is a path', 'attachment; filename="a/"', undefined],
    ['a line break', "attachment; filename*=UTF-8''a%0D%0ASet-Cookie:x.txt", 'aSet-Cookie_x.txt'],
    ['NUL', "attachment; filename*=UTF-8''a.exe%00.txt", 'a.exe.txt'],
    ['reversed text', "attachment; filename*=UTF-8''a%E2%80%AEtxt.exe", 'atxt.exe'],
    ['a byte order mark', "attachment; filename*=UTF-8''%EF%BB%BF.exe", 'exe'],
    [
      'another parameter',
      `attachment; filename="a\\"; filename*=UTF-8''b.exe"`,
      "a_; filename_=UTF-8''b.exe",
    ],
  ])('%s', { tags: ['PX-12', 'PX-13'] }, (_what, header, name) => {
    expect(nameOf(header)).toBe(name);
  });

  it('every text that is not one safe name', { tags: ['PX-12', 'PX-13'] }, () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom('filename=', "filename*=UTF-8''", ';', '"', '\\', '%2e%2e', '%2f', '..', '/', "'", ','),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const name = nameOf(`attachment; filename=${pieces.join('')}`);
        if (name === undefined) return;
        expect(name).not.toMatch(/[\p{Cc}/\\:*?"<>|]|^[. ]|[. ]$/u);
        expect([...name].length).toBeLessThanOrEqual(200);
      }),
      { numRuns: 3000 },
    );
  });
});
