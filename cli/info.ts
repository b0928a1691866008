import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { type Environment, isSet } from '../src/shared/config/setting.ts';
import { apiSettings, settings as serviceSettings } from '../src/shared/config/settings.ts';
import { readAppSettings } from './app-settings.ts';
import { type Command, toJson } from './command.ts';
import { packageVersion } from './package-version.ts';

export const info: Command = {
  usage: `Use: npx entra-bff info [--json]

Prints what a bug report needs: the versions of this package, of Node.js and of @azure/functions, the
platform, and which settings are set in this folder. It prints names of settings and never their values.

  --json  prints an object`,
  run(args, context) {
    const { values } = parseArgs({ args: [...args], options: { json: { type: 'boolean' } } });
    const { settings, source } = readAppSettings(context);
    const found = {
      'entra-bff': packageVersion(context),
      node: process.versions.node,
      '@azure/functions': installedVersion(context.folder, '@azure/functions'),
      platform: `${process.platform} ${process.arch}`,
      source,
      settings: namesThatAreSet(settings),
    };
    if (values.json === true) return { exitCode: 0, output: toJson(found) };
    const { settings: names, source: _, ...versions } = found;
    const lines = Object.entries(versions).map(([name, version]) => `${name}: ${version ?? 'not installed'}`);
    const set = names.length === 0 ? 'none' : names.join(', ');
    return { exitCode: 0, output: [...lines, `settings in ${source}: ${set}`].join('\n') };
  },
};

/** The settings of the service, in their order, and those of own APIs. */
function namesThatAreSet(settings: Environment): readonly string[] {
  const names = Object.keys(settings).filter((name) => isSet(settings[name]));
  const ofApi = new RegExp(`^API_[A-Z0-9]+_(?:${Object.keys(apiSettings).join('|')})$`);
  const apiNames = names.filter((name) => ofApi.test(name));
  return [...Object.keys(serviceSettings).filter((name) => names.includes(name)), ...apiNames.sort()];
}

/** The version that the app would load. Undefined if it would find none. */
function installedVersion(folder: string, name: string): string | undefined {
  // Not `require.resolve` of the manifest, which a package need not export.
  for (const path of createRequire(join(folder, 'index.js')).resolve.paths(name) ?? []) {
    try {
      const manifest: { readonly version?: unknown } = JSON.parse(
        readFileSync(join(path, name, 'package.json'), 'utf8'),
      );
      return String(manifest.version);
    } catch {
      // It may be in a folder further up.
    }
  }
  return undefined;
}
