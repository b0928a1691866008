import type { Policy } from '../../src/shared/policy/policy.ts';

/** The permissions that the app registration needs, by feature. */
export function listScopes({ features }: Policy): string {
  const all = [...new Set(features.flatMap(({ scopes }) => scopes))].sort();
  const width = Math.max(0, ...features.map(({ name }) => name.length));
  const lines = features.map(({ name, signIn, scopes }) =>
    `  ${name.padEnd(width)}  ${scopes.join(', ')}${signIn ? '  (requested at sign-in)' : ''}`.trimEnd(),
  );
  return [
    'Delegated permissions, by feature:',
    '',
    ...lines,
    '',
    `For the app registration, ${all.length} in all:`,
    '',
    ...all.map((scope) => `  ${scope}`),
  ].join('\n');
}
