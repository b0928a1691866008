import type { BuildOptions } from 'esbuild';

/** How the deployed files are built. */
export const deployed = {
  bundle: true,
  platform: 'node',
  target: 'node22',
  // Only ES modules can be tree-shaken.
  mainFields: ['module', 'main'],
  // The Functions worker supplies this module at run time. It is not on npm.
  external: ['@azure/functions-core'],
  // `import()` of a CommonJS file starts Node's loader of ES modules. `require` does not.
  supported: { 'dynamic-import': false },
  // Less to read and compile at a cold start. Names stay as they are, so that stack traces stay readable.
  minifySyntax: true,
  minifyWhitespace: true,
  lineLimit: 200,
  legalComments: 'linked',
  metafile: true,
  logLevel: 'silent',
} as const satisfies BuildOptions;

/** How the files of the npm package are built: an app has its own copy of Microsoft's library. */
export const published = {
  ...deployed,
  external: [...deployed.external, '@azure/functions'],
  // The package has the licenses of everything in it in one file.
  legalComments: 'none',
} as const satisfies BuildOptions;
