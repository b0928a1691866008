/** Long enough for every browser; what a stranger makes longer is not looked at. */
const MAX_LENGTH = 512;

/** How people call them, where the library is more exact. */
const shortNames: Readonly<Record<string, string>> = {
  'Microsoft Edge': 'Edge',
  'Samsung Internet for Android': 'Samsung Internet',
};

const appleModels = ['iPhone', 'iPad'];

/**
 * A short label of the browser for its person to know it by, such as "Edge on Windows". Undefined for what is not a known
 * browser on a known system: no word of the header itself gets into a label, whatever it says.
 */
export async function readDeviceLabel(userAgent: string | undefined): Promise<string | undefined> {
  if (userAgent === undefined || userAgent === '') return undefined;
  // Loaded only here: no other request needs it.
  const { parse, BROWSER_MAP, OS_MAP } = await import('bowser');
  const parsed = attempt(() => parse(userAgent.slice(0, MAX_LENGTH)));
  if (parsed === undefined) return undefined;
  const { browser, os, platform } = parsed;
  // For a browser that it does not know the library gives the header's own words.
  if (!isNamed(BROWSER_MAP, browser.name) || !isNamed(OS_MAP, os.name)) return undefined;
  const system = appleModels.find((model) => model === platform.model) ?? os.name;
  return `${shortNames[browser.name] ?? browser.name} on ${system}`;
}

/** Whatever a library stumbles over: a label is not worth a sign-in. */
function attempt<Result>(action: () => Result): Result | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

function isNamed(known: Readonly<Record<string, string>>, name: string | undefined): name is string {
  return Object.values(known).some((one) => one === name);
}
