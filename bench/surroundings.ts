import process from 'node:process';
import { demoDirectory } from '@entra-bff/directory';
import { startEntraEmulator } from '@entra-bff/entra-emulator';
import { startAzurite } from '../dev/azurite.ts';

/** Storage and Entra ID. They are idle while a warm system is measured. */
process.once('message', () => {
  start().then(
    (addresses) => process.send?.(addresses),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.once('disconnect', () => process.exit());

async function start() {
  const azurite = await startAzurite();
  const entra = await startEntraEmulator({ directory: demoDirectory });
  return { entraOrigin: entra.origin, tableConnectionString: azurite.connectionString };
}
