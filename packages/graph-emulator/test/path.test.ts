import { describe, expect, it } from 'vitest';
import { parsePath } from '../src/path.ts';
import { parseTemplate } from '../src/route-template.ts';

const match = (template: string, path: string) => parseTemplate(template).match(parsePath(path));

describe('a path', () => {
  it.each([
    [
      'names in any letter case',
      '/me/mailFolders/{folder}/messages',
      '/ME/mailfolders/inbox/Messages',
      ['inbox'],
    ],
    ['keys in their letter case', '/users/{user}', '/users/AbC', ['AbC']],
    [
      'keys in parentheses',
      '/me/mailFolders/{folder}/messages',
      "/me/mailFolders('AAMk1=')/messages",
      ['AAMk1='],
    ],
    ['encoded parentheses', '/users/{user}', '/users%28%27x%27%29', ['x']],
    [
      'a doubled quote in a key',
      '/users/{user}',
      "/users('o''brien@contoso.example')",
      ["o'brien@contoso.example"],
    ],
    [
      'a quote in a plain key',
      '/users/{user}',
      "/users/o'brien@contoso.example",
      ["o'brien@contoso.example"],
    ],
    ['a guest', '/users/{user}', '/users/a_b%23EXT%23@c.example', ['a_b#EXT#@c.example']],
    ['a function', '/me/drive/root/delta', '/me/drive/root/delta()', []],
    ['a function with its namespace', '/me/drive/root/delta', '/me/drive/root/microsoft.graph.delta()', []],
    ['arguments', "/me/x(q='{words}')", "/me/x(Q='O''Brien')", ["O'Brien"]],
    ['a slash in an argument', "/me/x(q='{words}')", "/me/x(q='a/b')", ['a/b']],
    ['parentheses in an argument', "/me/x(q='{words}')", "/me/x(q='report%20(final)')", ['report (final)']],
    ['arguments in another order', "/x(a='{a}',b='{b}')", "/x(B='2', a='1')", ['1', '2']],
    ['a cast', '/groups/{group}/members/microsoft.graph.user', '/groups/1/members/graph.user', ['1']],
    ['a path of files', '/me/drive/root:/{path}:', '/me/drive/root:/a/b.txt', ['a/b.txt']],
    ['a path of files with a colon', '/me/drive/root:/{path}:', '/me/drive/root:/a/b.txt:', ['a/b.txt']],
    [
      'what follows a path of files',
      '/me/drive/root:/{path}:/content',
      '/me/drive/root:/a.txt:/content',
      ['a.txt'],
    ],
    [
      'files below an item',
      '/me/drive/items/{item}:/{path}:/content',
      '/me/drive/items/01A:/b.txt:/content',
      ['01A', 'b.txt'],
    ],
    [
      'names with signs',
      '/me/drive/root:/{path}:',
      '/me/drive/root:/Q1%20%5Bdraft%5D%20%233%20100%25.docx',
      ['Q1 [draft] #3 100%.docx'],
    ],
    ['the root itself', '/me/drive/root', '/me/drive/root:/', []],
  ])('has %s', (_what, template, path, keys) => {
    expect(match(template, path)).toEqual(keys);
  });

  it.each([
    ['another function', "/me/x(q='{words}')", "/me/x(p='a')"],
    ['more arguments', "/me/x(q='{words}')", "/me/x(q='a',r='b')"],
    ['a longer path', '/me', '/me/messages'],
    ['a path of files', '/me/drive/items/{item}', '/me/drive/root:/a'],
  ])('is another one with %s', (_what, template, path) => {
    expect(match(template, path)).toBeUndefined();
  });

  it('is refused if it cannot be decoded', () => {
    expect(() => parsePath('/users/%zz')).toThrow("'%zz'");
  });
});
