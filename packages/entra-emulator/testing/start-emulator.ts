import { type EntraEmulator, type EntraEmulatorOptions, startEntraEmulator } from '../src/emulator.ts';
import { createSigningKeys } from '../src/keys.ts';

/** Keys take longer to generate than everything else takes to start. */
const signingKeys = createSigningKeys();

/** Starts an emulator with the signing keys that all emulators of this process share. */
export async function startTestEmulator(options: EntraEmulatorOptions): Promise<EntraEmulator> {
  return startEntraEmulator({ ...options, signingKeys: await signingKeys });
}
