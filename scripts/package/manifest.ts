/** What the manifest of this repository has that the one of the package needs. */
export interface RepositoryManifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly repository?: unknown;
  readonly homepage?: unknown;
  readonly bugs?: unknown;
  readonly engines: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** The files of the package, beside those that npm always packs. */
const packedFiles = [
  'index.cjs',
  'index.mjs',
  'index.d.cts',
  'index.d.mts',
  'libraries',
  'client',
  'bin',
  'policy',
  'THIRD-PARTY-LICENSES.txt',
];

const clientEntry = (name: string) => ({
  types: `./client/${name}.d.ts`,
  default: `./client/${name}.js`,
});

/**
 * The manifest of the npm package. Its code contains everything that it needs, apart from what an app has to share with it:
 * Microsoft's library and React. So it has no dependencies, and nothing of what this repository installs for itself.
 */
export function packageManifest(repository: RepositoryManifest): object {
  const { name, version, description, license, engines, peerDependencies, peerDependenciesMeta } = repository;
  const places = { repository: repository.repository, homepage: repository.homepage, bugs: repository.bugs };
  return {
    name,
    version,
    description,
    license,
    keywords: ['bff', 'entra', 'azure-functions', 'microsoft-graph', 'oauth', 'session'],
    // JSON leaves out those that are not known.
    ...places,
    type: 'module',
    // For tools that do not read `exports`.
    main: './index.cjs',
    types: './index.d.cts',
    exports: {
      '.': {
        import: { types: './index.d.mts', default: './index.mjs' },
        require: { types: './index.d.cts', default: './index.cjs' },
      },
      './client': clientEntry('index'),
      './client/graph': clientEntry('graph'),
      './client/react': clientEntry('react'),
      './policy/*': './policy/*',
      './package.json': './package.json',
    },
    bin: { [name]: `bin/${name}.mjs` },
    files: packedFiles,
    sideEffects: false,
    engines,
    peerDependencies: { '@azure/functions': libraryRange(repository), ...peerDependencies },
    peerDependenciesMeta,
    dependencies: {},
  };
}

/** From the version that the tests use, up to the next major version. */
function libraryRange({ dependencies }: RepositoryManifest): string {
  const version = dependencies['@azure/functions'];
  if (version === undefined) throw new Error('@azure/functions is not a dependency of this repository');
  return `^${version}`;
}
