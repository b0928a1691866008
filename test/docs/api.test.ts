import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EntryApi } from '../../scripts/api/collect.ts';
import { publicApi, renderApi } from '../../scripts/api/public-api.ts';

let api: readonly EntryApi[];

beforeAll(async () => {
  api = await publicApi();
});

const filesOf = (entryName: string) =>
  api.find(({ name }) => name === entryName)?.declarations.map(({ file }) => file) ?? [];

describe('the public interface', () => {
  it('equals docs/reference/api.txt', () => {
    const page = readFileSync(new URL('../../docs/reference/api.txt', import.meta.url), 'utf8');
    expect(renderApi(api)).toBe(page);
  });

  it('mentions types of @azure/functions and React only', () => {
    const packages = api.flatMap(({ name, packages }) =>
      [...packages.keys()].map((from) => `${name}: ${from}`),
    );
    expect(packages).toEqual(['entra-bff: @azure/functions', 'entra-bff/client/react: react']);
  });

  it('has no type of the session store, tokens, the table or the key ring', {
    tags: ['PX-16'],
  }, () => {
    const inside = /^src\/shared\/(?!session\/caller)(?:session|tokens|storage|crypto)\//;
    expect(filesOf('entra-bff').filter((file) => inside.test(file))).toEqual([]);
  });

  it('is collected through imports, including the arguments of a handler', () => {
    expect(filesOf('entra-bff')).toEqual(
      expect.arrayContaining(['src/shared/session/caller.d.ts', 'src/shared/http/request.d.ts']),
    );
    expect(filesOf('entra-bff/client/react')).toContain('client/client-api.d.ts');
  });
});
