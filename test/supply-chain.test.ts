import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, it, onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
type Versions = Readonly<Record<string, string>>;
interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
  readonly link?: boolean;
  readonly dependencies?: Versions;
}

const manifest: {
  dependencies: Versions;
  optionalDependencies: Versions;
  devDependencies: Versions;
  scripts: Versions;
} = JSON.parse(read('package.json'));
const lockfile: { lockfileVersion: number; packages: Readonly<Record<string, LockedPackage>> } = JSON.parse(
  read('package-lock.json'),
);
/** Packages of the registry, without the project and its workspaces. */
const locked = Object.entries(lockfile.packages).filter(
  ([path, { link }]) => path !== '' && !path.startsWith('packages/') && link !== true,
);
const workspaces = readdirSync(new URL('../packages', import.meta.url));

describe('the supply chain', () => {
  it('has exactly the direct runtime dependencies that a decision record justifies', {
    tags: ['SU-1'],
  }, () => {
    const recorded = [...read('docs/decisions/0002-runtime-dependencies.md').matchAll(/^## (\S+)$/gm)].map(
      ([, name]) => name,
    );
    expect(Object.keys(manifest.dependencies).sort()).toEqual(recorded.sort());
    expect(recorded.length).toBeGreaterThan(0);
  });

  it('has a reason for each of them', { tags: ['SU-1'] }, () => {
    for (const section of read('docs/decisions/0002-runtime-dependencies.md').split(/^## /m).slice(1)) {
      expect(section.split('\n').slice(1).join(' ').trim().length, section.split('\n')[0]).toBeGreaterThan(
        60,
      );
    }
  });

  it('pins every direct version exactly, as do installations', { tags: ['SU-1'] }, () => {
    const direct = {
      ...manifest.dependencies,
      ...manifest.optionalDependencies,
      ...manifest.devDependencies,
    };
    for (const [name, version] of Object.entries(direct)) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
      const { link, resolved, ...found } = lockfile.packages[`node_modules/${name}`] ?? {};
      const locked = link === true ? lockfile.packages[resolved ?? ''] : found;
      expect(locked?.version, name).toBe(version);
    }
    expect(read('.npmrc')).toMatch(/^save-exact=true$/m);
  });

  it('links its workspaces, which use exact versions and those of the project if it has them', {
    tags: ['SU-1'],
  }, () => {
    const links = Object.values(lockfile.packages).filter(({ link }) => link === true);
    expect(links.map(({ resolved }) => resolved).sort()).toEqual(
      workspaces.map((name) => `packages/${name}`).sort(),
    );
    for (const name of workspaces) {
      const workspace: Partial<typeof manifest> = JSON.parse(read(`packages/${name}/package.json`));
      const { dependencies, devDependencies } = workspace;
      for (const [dependency, version] of Object.entries({ ...dependencies, ...devDependencies })) {
        const own = manifest.dependencies[dependency] ?? manifest.devDependencies[dependency];
        expect(version, `${name}: ${dependency}`).toBe(own ?? version);
        expect(version, `${name}: ${dependency}`).toMatch(/^\d+\.\d+\.\d+$/);
      }
      expect(workspace.scripts, name).toBeUndefined();
    }
  });

  it('locks every package by hash, without naming a registry', { tags: ['SU-1'] }, () => {
    expect(lockfile.lockfileVersion).toBe(3);
    for (const [path, { integrity, resolved }] of locked) {
      expect(integrity, path).toMatch(/^sha512-/);
      expect(resolved, path).toBeUndefined();
    }
    expect(read('package-lock.json')).not.toMatch(/"(?:resolved": "(?!packages\/)|registry")|git\+|file:/);
    expect(read('.npmrc')).toMatch(/^omit-lockfile-registry-resolved=true$/m);
    expect(read('.npmrc')).not.toMatch(/registry\s*=|_auth|token/i);
  });

  it.each([
    ['test/libraries/manifest', 'scripts/install-manifest.ts'],
    ['test/package/manifest', 'scripts/install-manifest.ts'],
    ['bench', 'bench/run.ts'],
  ])(
    'pins and locks what %s installs for itself in the same way, and runs no script of it',
    {
      tags: ['SU-1'],
    },
    (folder, installer) => {
      const { dependencies, scripts }: Partial<typeof manifest> = JSON.parse(read(`${folder}/package.json`));
      const text = read(`${folder}/package-lock.json`);
      const { packages }: typeof lockfile = JSON.parse(text);
      for (const [name, version] of Object.entries(dependencies ?? {})) {
        expect(version, name).toMatch(/^\d+\.\d+\.\d+(-preview\.\d+)?$/);
        expect(packages[`node_modules/${name}`]?.version, name).toBe(version);
      }
      for (const [path, { integrity }] of Object.entries(packages)) {
        if (path !== '') expect(integrity, path).toMatch(/^sha512-/);
      }
      expect(text).not.toMatch(/"resolved"|"registry"|git\+|file:/);
      expect(read(`${folder}/.npmrc`)).toBe(read('.npmrc'));
      expect(scripts).toBeUndefined();
      expect(read(installer)).toMatch(/'ci',.*'--ignore-scripts'/);
    },
  );

  it('needs no install script of a runtime package, and has none itself', {
    tags: ['SU-1'],
  }, () => {
    const withScripts = locked.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path);
    for (const path of withScripts) expect(lockfile.packages[path]?.dev, path).toBe(true);
    // esbuild only checks its binary, protobufjs only prints. Both work with --ignore-scripts. Check before adding one.
    expect(withScripts.sort()).toEqual(['node_modules/esbuild', 'node_modules/protobufjs']);
    for (const name of ['preinstall', 'install', 'postinstall', 'prepare']) {
      expect(manifest.scripts[name], name).toBeUndefined();
    }
  });

  it('has no version with a known vulnerability', { tags: ['SU-1'] }, () => {
    const floors: Versions = { '@azure/msal-node': '7.2.1', jose: '6.2.17', '@azure/functions': '4.16.5' };
    for (const [name, floor] of Object.entries(floors)) {
      expect(isAtLeast(manifest.dependencies[name] ?? '0', floor), name).toBe(true);
    }
  });

  it('deploys the bundle, its libraries and two manifests, and no other file of this folder', {
    tags: ['SU-2'],
  }, () => {
    const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
    const others = [
      'dist/main.cjs',
      'dist/libraries/msal-node.cjs',
      'dist/libraries/msal-node.cjs.LEGAL.txt',
      'dist/index.cjs',
      'dist/types/src/index.d.ts',
      'dist/main.cjs.map',
      'local.settings.json',
      '.env',
      'key.pem',
      'node_modules/jose/package.json',
      'node_modules/dist/main.cjs',
      'test/dist/main.cjs',
      'packages/libraries/main.cjs',
      'packages/host.json',
    ];
    const folder = mkdtempSync(join(tmpdir(), 'deployed-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    for (const path of [...tracked, ...others]) {
      mkdirSync(join(folder, dirname(path)), { recursive: true });
      writeFileSync(join(folder, path), '');
    }
    // `.funcignore` has the syntax of `.gitignore`.
    execFileSync('git', ['init', '--quiet'], { cwd: folder });
    writeFileSync(join(folder, '.git/info/exclude'), read('.funcignore'));
    for (const path of tracked.filter((name) => name.endsWith('.gitignore'))) rmSync(join(folder, path));
    const deployed = execFileSync('git', ['ls-files', '--others', '--exclude-standard'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(deployed.trim().split('\n').sort()).toEqual([
      'dist/libraries/msal-node.cjs',
      'dist/main.cjs',
      'host.json',
      'package.json',
    ]);
  });

  it('deploys no key, no source map and no path of the machine that built it', {
    tags: ['SU-2'],
  }, async () => {
    // The client in a bundle whose coverage is measured has a source map. `npm test` measures none.
    const isMeasured = inject('isMeasured');
    for (const text of [...deployedCode(), read('host.json'), read('package.json')]) {
      expect(text).not.toMatch(/-----BEGIN [A-Z ]*PRIVATE KEY-----\s*[\w+/]{20}/);
      if (!isMeasured) expect(text).not.toContain('sourceMappingURL=');
      // The key of the storage emulator is in Microsoft's SDK and in its documentation.
      const keys = [...text.matchAll(/AccountKey=([\w+/]{8})[\w+/]/g)].map(([, key]) => key);
      expect(keys.filter((key) => key !== 'Eby8vdM0')).toEqual([]);
      if (!isMeasured) expect(text.includes(root)).toBe(false);
    }
  });

  it('deploys files that load no package and nothing from the network at run time', {
    tags: ['SU-1'],
  }, () => {
    const { builtinModules } = process.getBuiltinModule('module');
    const required = deployedCode().flatMap((text) =>
      [...text.matchAll(/\brequire\d*\("([^"]+)"\)/g)].map(([, name = '']) => name),
    );
    const isLibrary = (name: string) => /^\.\/(?:libraries\/)?[\w-]+\.cjs$/.test(name);
    const foreign = required.filter(
      (name) => !name.startsWith('node:') && !builtinModules.includes(name) && !isLibrary(name),
    );
    expect([...new Set(foreign)]).toEqual(['@azure/functions-core']);
  });
});

/** The texts of the bundle and of the libraries beside it. */
function deployedCode(): readonly string[] {
  const bundle = inject('appBundle');
  const folder = join(dirname(bundle), 'libraries');
  // A bundle whose coverage is measured contains its libraries.
  const names = inject('isMeasured') ? [] : readdirSync(folder).filter((name) => name.endsWith('.cjs'));
  return [bundle, ...names.map((name) => join(folder, name))].map((path) => readFileSync(path, 'utf8'));
}

function isAtLeast(version: string, floor: string): boolean {
  const [left, right] = [version, floor].map((text) => text.split('.').map(Number));
  for (let at = 0; at < 3; at++) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
