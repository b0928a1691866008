import type { Directory, TextFile } from '@entra-bff/directory';
import type { SavedItems } from '../saved-items.ts';
import { createDrive, type Drive } from './drive.ts';
import { createFileHost, type FileHost } from './file-host.ts';

/** The drives of all users, and the host that reads and writes their files without an access token, as in SharePoint. */
export interface Drives {
  of(userId: string): Drive;
  /** Forgets every change. */
  clear(): void;
  readonly host: FileHost;
}

export function createDrives(origin: string, directory: Directory, saved: SavedItems): Drives {
  const drives = new Map<string, Drive>();
  return {
    of(userId) {
      const drive = drives.get(userId) ?? createDrive(userId, filesOf(directory, userId), saved);
      drives.set(userId, drive);
      return drive;
    },
    clear: () => drives.clear(),
    host: createFileHost(origin),
  };
}

const inventedFiles: readonly TextFile[] = [
  { path: 'Budget.csv', text: 'item,amount\nTravel,1200\nTools,300\n' },
  { path: 'Travel/Notes for Oslo.txt', text: 'Train at 8.04. Bring the adapter.\n' },
];

/** @param objectId in any tenant */
function filesOf({ users }: Directory, objectId: string): readonly TextFile[] {
  const isUser = (id: string) => id === objectId;
  const user = users.find(({ id, guestIn }) => isUser(id) || guestIn.some((guest) => isUser(guest.objectId)));
  return user?.files ?? inventedFiles;
}
