import { areEqual, compare } from './compare.ts';

export const comparisons: Readonly<Record<string, (left: unknown, right: unknown) => boolean>> = {
  eq: areEqual,
  ne: (left, right) => !areEqual(left, right),
  gt: (left, right) => (compare(left, right) ?? 0) > 0,
  lt: (left, right) => (compare(left, right) ?? 0) < 0,
  ge: (left, right) => (compare(left, right) ?? -1) >= 0,
  le: (left, right) => (compare(left, right) ?? 1) <= 0,
};

export const textTests: Readonly<Record<string, (text: string, part: string) => boolean>> = {
  startswith: (text, part) => text.startsWith(part),
  endswith: (text, part) => text.endsWith(part),
  contains: (text, part) => text.includes(part),
};

export const textChanges: Readonly<Record<string, (text: string) => string>> = {
  tolower: (text) => text.toLowerCase(),
  toupper: (text) => text.toUpperCase(),
  trim: (text) => text.trim(),
};
