import http from 'node:http';

/** A response as it was received. */
export interface WireAnswer {
  readonly url: URL;
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly setCookies: readonly string[];
  readonly bytes: Buffer;
  readonly body: string;
}

export interface WireRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/**
 * Sends one request with its target byte for byte. curl, fetch and browsers would rewrite paths.
 * @param target origin-form (`/api/…`), or absolute if `origin` names the server
 */
export function sendWire(origin: string, target: string, request: WireRequest = {}): Promise<WireAnswer> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const sent = http.request(
      {
        hostname,
        port,
        path: target,
        method: request.method ?? 'GET',
        headers: request.headers ?? {},
        agent: false,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const bytes = Buffer.concat(chunks);
          resolve({
            url: URL.canParse(target, origin) ? new URL(target, origin) : new URL(origin),
            status: response.statusCode ?? 0,
            headers: response.headers,
            setCookies: response.headers['set-cookie'] ?? [],
            bytes,
            body: bytes.toString('utf8'),
          });
        });
      },
    );
    sent.on('error', reject);
    // Longer than the longest wait of a call, which is for a holder that died with its lease.
    sent.setTimeout(40_000, () => sent.destroy(new Error(`no response from ${origin}${target}`)));
    sent.end(request.body);
  });
}

/**
 * The parts of a browser that the protocol needs: cookies by host, without Strict ones in cross-site navigations,
 * redirects, `Refresh`, and forms as they are in the page.
 */
export class UserAgent {
  readonly jar = new Map<string, Map<string, string>>();
  /** Everything received, for searches. */
  readonly received: WireAnswer[] = [];
  /** The browser's `User-Agent`, if it sends one. */
  userAgent: string | undefined;
  /** The browser's `Accept-Language`, if it sends one. */
  acceptLanguage: string | undefined;
  /** The `X-Forwarded-For` that a proxy in front of the service sends, if there is one. */
  forwardedFor: string | undefined;
  readonly #origin: string;

  constructor(origin: string) {
    this.#origin = origin;
  }

  cookies(origin = this.#origin): Map<string, string> {
    const { hostname } = new URL(origin);
    const cookies = this.jar.get(hostname) ?? new Map<string, string>();
    this.jar.set(hostname, cookies);
    return cookies;
  }

  /**
   * A copy with the same cookies: another tab, or a saved cookie that is used again.
   * @param origin of another worker, to which the copy sends its requests
   */
  clone(origin = this.#origin): UserAgent {
    const copy = new UserAgent(origin);
    copy.userAgent = this.userAgent;
    copy.acceptLanguage = this.acceptLanguage;
    copy.forwardedFor = this.forwardedFor;
    for (const [host, cookies] of this.jar) copy.jar.set(host, new Map(cookies));
    return copy;
  }

  /** Sends a request as a script of the app does: with cookies, `X-CSRF` and the browser's headers. Redirects are not followed. */
  script(method: string, path: string, request: WireRequest = {}): Promise<WireAnswer> {
    return this.request(path, {
      ...request,
      method,
      headers: {
        'x-csrf': '1',
        accept: 'application/json',
        'sec-fetch-site': 'same-origin',
        'sec-fetch-mode': 'cors',
        'sec-fetch-dest': 'empty',
        ...(method === 'GET' ? {} : { origin: this.#origin }),
        ...request.headers,
      },
    });
  }

  async scriptJson(path: string): Promise<Record<string, unknown>> {
    const parsed: unknown = JSON.parse((await this.script('GET', path)).body);
    return { ...(parsed as Record<string, unknown>) };
  }

  /** Sends one request with this browser's cookies and no other headers. */
  async request(
    url: string,
    request: WireRequest & { withStrictCookies?: boolean } = {},
  ): Promise<WireAnswer> {
    const target = url.startsWith('http') ? new URL(url) : undefined;
    const origin = target?.origin ?? this.#origin;
    const cookies =
      request.withStrictCookies === false && origin === this.#origin ? new Map() : this.cookies(origin);
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = {
      ...(cookie === '' ? {} : { cookie }),
      ...(this.userAgent === undefined ? {} : { 'user-agent': this.userAgent }),
      ...(this.acceptLanguage === undefined ? {} : { 'accept-language': this.acceptLanguage }),
      ...(this.forwardedFor === undefined ? {} : { 'x-forwarded-for': this.forwardedFor }),
      ...request.headers,
    };
    const answer = await sendWire(origin, target ? target.pathname + target.search : url, {
      ...request,
      headers,
    });
    this.#store(origin, answer.setCookies);
    this.received.push(answer);
    return answer;
  }

  /** Loads a page and follows redirects and `Refresh` until a page is shown. */
  async navigate(url: string, options: { from?: string } & WireRequest = {}): Promise<WireAnswer> {
    let next = new URL(url, this.#origin);
    // A chain that has touched another site stays cross-site to its end (RFC 6265bis 5.2).
    let crossSite = options.from !== undefined && new URL(options.from).hostname !== next.hostname;
    let request: WireRequest = options;
    for (let step = 0; step < 15; step++) {
      const answer = await this.request(next.href, {
        ...request,
        withStrictCookies: !crossSite,
        headers: {
          accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
          'sec-fetch-site': crossSite ? 'cross-site' : 'same-origin',
          'sec-fetch-mode': 'navigate',
          'sec-fetch-dest': 'document',
          ...request.headers,
        },
      });
      const { location, refresh } = answer.headers;
      const refreshTarget = typeof refresh === 'string' ? refresh.match(/^0; url=(.*)$/)?.[1] : undefined;
      if (location !== undefined && answer.status >= 300 && answer.status < 400) {
        const target = new URL(location, next);
        crossSite ||= target.hostname !== next.hostname;
        next = target;
      } else if (refreshTarget !== undefined) {
        next = new URL(refreshTarget, next);
        crossSite = false;
      } else {
        return answer;
      }
      request = {};
    }
    throw new Error(`too many redirects: ${next.pathname}`);
  }

  /** Submits the form of a page that has this control, with its hidden fields. */
  submit(page: WireAnswer, fields: Readonly<Record<string, string>>): Promise<WireAnswer> {
    const form = formWith(page.body, Object.keys(fields));
    const body = new URLSearchParams({ ...form.hidden, ...fields }).toString();
    return this.navigate(new URL(form.action || page.url.href, page.url).href, {
      method: 'POST',
      body,
      from: page.url.href,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(Buffer.byteLength(body)),
        origin: page.url.origin,
      },
    });
  }

  #store(origin: string, setCookies: readonly string[]): void {
    for (const line of setCookies) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const equals = pair.indexOf('=');
      const expired = attributes.some((attribute) => /^max-age=0$/i.test(attribute));
      if (expired) this.cookies(origin).delete(pair.slice(0, equals));
      else this.cookies(origin).set(pair.slice(0, equals), pair.slice(equals + 1));
    }
  }
}

function formWith(
  page: string,
  names: readonly string[],
): { action: string; hidden: Record<string, string> } {
  for (const [, attributes = '', content = ''] of page.matchAll(/<form([^>]*)>([\s\S]*?)<\/form>/g)) {
    if (!names.every((name) => content.includes(`name="${name}"`))) continue;
    const hidden: Record<string, string> = {};
    for (const [input] of content.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
      hidden[unescapeHtml(input.match(/name="([^"]*)"/)?.[1])] = unescapeHtml(
        input.match(/value="([^"]*)"/)?.[1],
      );
    }
    return { action: unescapeHtml(attributes.match(/action="([^"]*)"/)?.[1]), hidden };
  }
  throw new Error(
    `no form with ${names.join(', ')} in: ${page.replace(/<style[\s\S]*?<\/style>/, '').slice(0, 600)}`,
  );
}

function unescapeHtml(text = ''): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
