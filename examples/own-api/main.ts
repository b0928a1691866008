import process from 'node:process';
import { createOrdersApi } from './orders-api.ts';

// The Entra emulator of `npm start`, its organization Contoso, and the registration "Contoso Orders".
const tenant = 'http://127.0.0.1:7072/7a1c5b1e-3f0d-4c58-9d0e-5b2f6a9c1d01';
const api = createOrdersApi({
  issuer: `${tenant}/v2.0`,
  keysUrl: `${tenant}/discovery/v2.0/keys`,
  audience: '5e0b7c1d-2f4a-4d8e-9b63-8c1a5f7e2d10',
});
api.listen(7080, '127.0.0.1', () => process.stdout.write('The API listens on http://127.0.0.1:7080\n'));
