import type { GraphCall } from '../call.ts';
import { hasWords } from '../odata/words.ts';
import type { DriveNode } from './drive.ts';
import { driveOf } from './items.ts';

/** Finds words in the names of the caller's files and folders, and in the content of text files. */
export function ownSearch(call: GraphCall, words: string): DriveNode[] {
  const drive = driveOf(call);
  const wanted = words.trim().toLowerCase();
  if (wanted === '') return [];
  return drive
    .all()
    .filter((node) => node.id !== drive.root.id)
    .filter(
      ({ name, content }) =>
        name.toLowerCase().includes(wanted) ||
        hasWords(name, words) ||
        hasWords(content?.toString('utf8') ?? '', words),
    );
}
