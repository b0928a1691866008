import { describe, expect, it } from 'vitest';
import { nearestName } from '../src/index.ts';

describe('nearestName', () => {
  const names = ['outage', 'slowMs', 'alice@contoso.example', 'ben@contoso.example'];

  it.each([
    ['outtage', 'outage'],
    ['OUTAGE', 'outage'],
    ['slowms', 'slowMs'],
    ['alice', 'alice@contoso.example'],
  ])('takes %s for %s', (name, meant) => {
    expect(nearestName(name, names)).toBe(meant);
  });

  it.each(['weather', 'al', ''])('finds nothing for "%s"', (name) => {
    expect(nearestName(name, names)).toBeUndefined();
  });

  it('does not choose between two that begin in the same way', () => {
    expect(nearestName('anna', ['anna@a.example', 'anna@b.example'])).toBeUndefined();
  });
});
