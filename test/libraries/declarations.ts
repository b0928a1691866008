/** What a library does with the service, under the policy that is shipped. */
export type Outcome =
  | { readonly kind: 'works'; readonly note?: string }
  /** @property instead what the call returns in place of what it should */
  | { readonly kind: 'not-supported'; readonly why: string; readonly instead: unknown };

export const features = {
  read: 'read a resource',
  filter: 'a filter with blanks, quotes and accents',
  pages: 'all pages of a list',
  batch: 'a batch',
  refusedPart: 'a batch with a refused part',
  upload: 'upload a small file',
  uploadSession: 'upload in pieces',
  download: 'download a file',
  photo: 'a photo as `Blob`',
  remove: 'delete',
  retry: 'repeat after 429',
  refusal: 'report a refusal',
  consent: 'report a missing permission',
} as const;

export type Feature = keyof typeof features;

export interface DeclaredLibrary {
  readonly name: string;
  /** The npm package whose version the run uses. */
  readonly package: string;
  /** Its guide, below `docs/guides/libraries`. */
  readonly guide: string;
  /** Its module in the folder `pages`. */
  readonly page: string;
  readonly outcomes: Readonly<Record<Feature, Outcome>>;
}

const works = (note?: string): Outcome => ({ kind: 'works', ...(note !== undefined && { note }) });

const everything: Readonly<Record<Feature, Outcome>> = {
  read: works(),
  filter: works(),
  pages: works(),
  batch: works(),
  refusedPart: works(),
  upload: works(),
  uploadSession: works(),
  download: works(),
  photo: works(),
  remove: works(),
  retry: works(),
  refusal: works(),
  consent: works(),
};

const byClient = works('by the client');

const lostBodies = 'this version reads the status of a part, but not its JSON body';

export const libraries: readonly DeclaredLibrary[] = [
  {
    name: 'Microsoft Graph client',
    package: '@microsoft/microsoft-graph-client',
    guide: 'microsoft-graph-client.md',
    page: 'microsoft-graph-client.ts',
    outcomes: { ...everything, retry: works('by the library') },
  },
  {
    name: 'PnPjs',
    package: '@pnp/graph',
    guide: 'pnpjs.md',
    page: 'pnp.js',
    outcomes: { ...everything, retry: byClient },
  },
  {
    name: 'Graph SDK (Kiota)',
    package: '@microsoft/msgraph-sdk',
    guide: 'kiota.md',
    page: 'kiota.js',
    outcomes: {
      ...everything,
      batch: { kind: 'not-supported', why: lostBodies, instead: [200, 200] },
      refusedPart: { kind: 'not-supported', why: lostBodies, instead: [200, 403] },
      retry: works('by the library'),
    },
  },
  {
    name: 'axios',
    package: 'axios',
    guide: 'axios.md',
    page: 'axios.js',
    outcomes: { ...everything, retry: byClient },
  },
  {
    name: 'ky',
    package: 'ky',
    guide: 'ky.md',
    page: 'ky.js',
    outcomes: { ...everything, retry: works('by the library') },
  },
  {
    name: 'TanStack Query',
    package: '@tanstack/query-core',
    guide: 'tanstack-query.md',
    page: 'tanstack-query.js',
    outcomes: { ...everything, retry: byClient },
  },
];
