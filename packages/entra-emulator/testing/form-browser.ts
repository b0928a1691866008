/** A browser without scripts that supports forms, redirects and cookies. */
export interface FormBrowser {
  /** Opens a URL of the emulator and follows redirects. */
  open(address: string | URL): Promise<Seen>;
  /** Presses the button with this name and value on the last page. The other fields of its form are sent unchanged. */
  press(name: string, value: string, fields?: Record<string, string>): Promise<Seen>;
}

/** Where the browser has arrived: a page, or a redirect that leaves the emulator. */
interface Seen {
  readonly status: number;
  readonly text: string;
  readonly heading: string;
  readonly redirectedTo: URL | undefined;
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
      return { status: response.status, text: '', heading: '', redirectedTo: next };
    }
    const text = await response.text();
    last = { address, text };
    const heading = unescapeHtml(/<h1>(.*?)<\/h1>/s.exec(text)?.[1] ?? '');
    return { status: response.status, text: unescapeHtml(text), heading, redirectedTo: undefined };
  };

  return {
    open: (address) => visit(new URL(address, origin)),
    press(name, value, fields = {}) {
      if (last === undefined) throw new Error('No page is open.');
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

/** Whether the form has a button with this name and value or, for an empty value, a text field with this name. */
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
