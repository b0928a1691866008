/** The browser client, bundled and minified. Replaced with its text by `build/bundle.ts`. */
declare const __CLIENT_SOURCE__: string;

/** Scripts and style sheets of `src/shared/pages/assets`, minified. Replaced with their text by `build/bundle.ts`. */
declare const __PAGE_ASSETS__: {
  readonly commonStyle: string;
  readonly adminStyle: string;
  readonly adminScript: string;
  readonly popupScript: string;
};

/**
 * The files of libraries that are not in the bundle, relative to its folder and separated by commas. Replaced by
 * `build/bundle.ts`.
 */
declare const __LIBRARY_FILES__: string;
