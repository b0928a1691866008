import type { AddressInfo } from 'node:net';
import { demoClient, demoDirectory } from '@entra-bff/directory';
import { createOrdersApi } from '../../examples/own-api/orders-api.ts';
import { codeBlocksOf, settingsOf } from './documents.ts';
import type { World } from './world.ts';

const [block] = codeBlocksOf('docs/guides/your-own-api.md').filter(({ language }) => language === 'dotenv');

/** The settings that docs/guides/your-own-api.md shows. */
export const ordersSettings: Readonly<Record<string, string>> = settingsOf(block?.text ?? '');

/** The registration of the API at the Entra emulator. */
export const ordersRegistration = demoDirectory.resources.find(
  ({ uri }) => uri === ordersSettings['API_ORDERS_SCOPE_PREFIX'],
);

interface OrdersExample {
  readonly origin: string;
  /** The settings of the guide, with the origin of this API. */
  readonly environment: Readonly<Record<string, string>>;
  close(): void;
}

/** Starts the API of examples/own-api. It accepts tokens of this world's Entra emulator. */
export async function startOrdersExample({ entra }: World): Promise<OrdersExample> {
  const tenant = `${entra.origin}/${demoClient.tenantId}`;
  const api = createOrdersApi({
    issuer: `${tenant}/v2.0`,
    keysUrl: `${tenant}/discovery/v2.0/keys`,
    audience: ordersRegistration?.id ?? '',
  });
  await new Promise<void>((resolve) => void api.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  return {
    origin,
    environment: { ...ordersSettings, API_ORDERS_ORIGIN: origin },
    close: () => void api.close(),
  };
}
