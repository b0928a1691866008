export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const upper = sorted[sorted.length >> 1] ?? Number.NaN;
  const lower = sorted[(sorted.length - 1) >> 1] ?? Number.NaN;
  return (lower + upper) / 2;
}

/** The middle half of the values, as a share of their median: how much a machine varies from round to round. */
export function spread(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const at = (share: number) => sorted[Math.round((sorted.length - 1) * share)] ?? Number.NaN;
  return (at(0.75) - at(0.25)) / Math.abs(median(values));
}

/** The median of what was measured in each round, and its spread. */
export interface Summary {
  readonly median: number;
  readonly spread: number;
}

export function summarize(values: readonly number[]): Summary {
  return { median: median(values), spread: spread(values) };
}

interface InRound {
  readonly name: string;
  readonly round: number;
}

/**
 * Computes a value from several systems inside each round, because ratios between rounds mean little.
 * @returns one value for each round that has all of the systems
 */
export function perRound<Sample extends InRound, Name extends string>(
  samples: readonly Sample[],
  names: readonly Name[],
  compute: (of: Readonly<Record<Name, Sample>>) => number,
): number[] {
  const rounds = Map.groupBy(samples, ({ round }) => round);
  return [...rounds.values()].flatMap((inRound) => {
    const found = names.flatMap((name) => inRound.filter((sample) => sample.name === name).slice(0, 1));
    if (found.length < names.length) return [];
    const entries = names.map((name, index) => [name, found[index]] as const);
    return [compute(Object.fromEntries(entries) as Record<Name, Sample>)];
  });
}
