/** One emulator, as a test in any process reaches it: through the emulator's control API. */
export interface EmulatorControl<Switches, Action, Recorded> {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  switches(): Promise<Switches>;
  /** Makes the emulator fail. Switches that are not named are off. @throws {Error} for an unknown switch or value */
  setSwitches(switches: Partial<Switches>): Promise<void>;
  /** Changes a state that is no switch, for example revokes tokens. @throws {Error} */
  act(action: Action): Promise<void>;
  /** What was requested since the start or the last reset, oldest first. */
  requests(): Promise<readonly Recorded[]>;
  /** Makes the emulator as it was at its start. */
  reset(): Promise<void>;
}

export function controlOf<Switches, Action, Recorded>(
  origin: string,
): EmulatorControl<Switches, Action, Recorded> {
  return {
    origin,
    async switches() {
      return (await send(origin, 'switches')).json();
    },
    async setSwitches(switches) {
      await send(origin, 'switches', 'PUT', switches);
    },
    async act(action) {
      await send(origin, 'actions', 'POST', action);
    },
    async requests() {
      const { requests }: { requests: readonly Recorded[] } = await (await send(origin, 'requests')).json();
      return requests;
    },
    async reset() {
      await send(origin, 'reset', 'POST', {});
    },
  };
}

/** A cookie as Playwright's `addCookies` takes it. */
export interface BrowserCookie {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  readonly path: string;
  readonly httpOnly: boolean;
  readonly secure: boolean;
  readonly sameSite: 'Strict' | 'Lax';
}

export interface SignInAtEmulator {
  readonly user: string;
  readonly scopes: readonly string[];
  readonly secondFactor?: boolean | undefined;
}

/** Signs a user in at the Entra emulator. @returns the emulator's cookie. @throws {Error} for an unknown user or scope */
export async function signInAtEmulator(origin: string, body: SignInAtEmulator): Promise<BrowserCookie> {
  const { cookie }: { cookie: Omit<BrowserCookie, 'secure'> } = await (
    await send(origin, 'sign-in', 'POST', body)
  ).json();
  return { ...cookie, secure: false };
}

async function send(origin: string, name: string, method = 'GET', body?: unknown): Promise<Response> {
  const response = await fetch(`${origin}/_emulator/${name}`, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  if (response.ok) return response;
  throw new Error(`The emulator at ${origin} refuses ${method} ${name}: ${await response.text()}`);
}
