/** The browser client, built and minified; the build puts its text here. */
declare const __CLIENT_SOURCE__: string;
