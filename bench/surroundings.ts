import { demoDirectory } from '@entra-bff/directory';
import { startEntraEmulator } from '@entra-bff/entra-emulator';
import { startAzurite } from '../dev/azurite.ts';
import { answerMessages } from './support/answer-messages.ts';

/** Storage and Entra ID. They are idle while a warm system is measured. */
answerMessages(async () => {
  const azurite = await startAzurite();
  const entra = await startEntraEmulator({ directory: demoDirectory });
  return { entraOrigin: entra.origin, tableConnectionString: azurite.connectionString };
});
