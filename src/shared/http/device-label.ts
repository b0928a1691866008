/** Longer than any browser's User-Agent header. The rest of a longer header is ignored. */
const MAX_LENGTH = 512;

/** Short names of browsers, by the name that the library `bowser` uses. */
const shortNames: Readonly<Record<string, string>> = {
  'Microsoft Edge': 'Edge',
  'Samsung Internet for Android': 'Samsung Internet',
};

const appleModels = ['iPhone', 'iPad'];

/**
 * Returns a short label by which users recognize a browser, such as "Edge on Windows". Returns undefined unless the
 * library knows both the browser and the system. The label contains only fixed names, never text from the header.
 */
export async function readDeviceLabel(userAgent: string | undefined): Promise<string | undefined> {
  if (userAgent === undefined || userAgent === '') return undefined;
  // Loaded here because only sign-ins need it.
  const { parse, BROWSER_MAP, OS_MAP } = await import('bowser');
  const parsed = orUndefined(() => parse(userAgent.slice(0, MAX_LENGTH)));
  if (parsed === undefined) return undefined;
  const { browser, os, platform } = parsed;
  // For an unknown browser, the library returns text from the header as its name.
  if (!isKnownName(BROWSER_MAP, browser.name) || !isKnownName(OS_MAP, os.name)) return undefined;
  const system = appleModels.find((model) => model === platform.model) ?? os.name;
  return `${shortNames[browser.name] ?? browser.name} on ${system}`;
}

/** Returns undefined if `parse` throws. A header that the library cannot parse must not prevent a sign-in. */
function orUndefined<Result>(parse: () => Result): Result | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

function isKnownName(names: Readonly<Record<string, string>>, name: string | undefined): name is string {
  return Object.values(names).some((known) => known === name);
}
