/** A person with a browser that knows forms, redirects and cookies, and nothing else. */
export interface FormBrowser {
  /** Opens an address of the emulator. */
  open(address: string | URL): Promise<Seen>;
  /** Presses the button of that name and value on the page last seen, with the form's other fields as they stand. */
  press(name: string, value: string, fields?: Record<string, string>): Promise<Seen>;
}

/** What the browser ended at: a page, or an address outside the emulator. */
interface Seen {
  readonly status: number;
  readonly text: string;
  readonly heading: string;
  readonly left: URL | undefined;
}

export function createFormBrowser(origin: string): FormBrowser {
  const cookies = new Map<string, string>();
  let last: { address: URL; text: string } | undefined;

  const visit = async (address: URL, init: RequestInit = {}): Promise<Seen> => {
    const response = await fetch(address, {
      ...init,
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location !== null) {
      const next = new URL(location, address);
      if (next.origin === origin) return visit(next);
      return { status: response.status, text: '', heading: '', left: next };
    }
    const text = await response.text();
    last = { address, text };
    const heading = unescapeHtml(/<h1>(.*?)<\/h1>/s.exec(text)?.[1] ?? '');
    return { status: response.status, text: unescapeHtml(text), heading, left: undefined };
  };

  return {
    open: (address) => visit(new URL(address, origin)),
    press(name, value, fields = {}) {
      if (last === undefined) throw new Error('No page has been opened.');
      const form = formsOf(last.text).find(({ markup }) => hasControl(markup, name, value));
      if (form === undefined) throw new Error(`The page has no ${name} = ${value}.`);
      const body = new URLSearchParams({ ...form.hidden, ...fields });
      if (value !== '') body.set(name, value);
      return visit(new URL(form.action, last.address), { method: 'POST', body });
    },
  };
}

function formsOf(text: string) {
  return [...text.matchAll(/<form method="post" action="([^"]*)">(.*?)<\/form>/gs)].map(
    ([, action = '', markup = '']) => ({
      action: unescapeHtml(action),
      markup,
      hidden: Object.fromEntries(
        [...markup.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)].map(
          ([, name = '', value = '']) => [name, unescapeHtml(value)],
        ),
      ),
    }),
  );
}

/** A button of that name and value, or, for an empty value, a text field of that name. */
function hasControl(markup: string, name: string, value: string): boolean {
  return value === ''
    ? markup.includes(`name="${name}"`)
    : markup.includes(`name="${name}" value="${value}"`);
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}
