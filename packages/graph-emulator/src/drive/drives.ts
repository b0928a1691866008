import type { SavedItems } from '../saved-items.ts';
import { createDrive, type Drive } from './drive.ts';
import { createFileHost, type FileHost } from './file-host.ts';

/** The drives of all users, and the host that reads and writes their files without an access token, as in SharePoint. */
export interface Drives {
  of(userId: string): Drive;
  readonly host: FileHost;
}

export function createDrives(origin: string, saved: SavedItems): Drives {
  const drives = new Map<string, Drive>();
  return {
    of(userId) {
      const drive = drives.get(userId) ?? createDrive(userId, saved);
      drives.set(userId, drive);
      return drive;
    },
    host: createFileHost(origin),
  };
}
