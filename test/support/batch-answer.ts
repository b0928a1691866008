/** What Graph was asked for in the parts of a batch, by its ids there. */
function sentIdsIn(batch: Uint8Array): readonly string[] {
  const { requests }: { requests: { id: string }[] } = JSON.parse(Buffer.from(batch).toString());
  return requests.map(({ id }) => id);
}

/**
 * Graph's answer to a batch, as a test writes it: the id "1" stands for that of the first part, as it was sent, and so on.
 * Ids that name no part stay as they are.
 */
export function withSentIds(batch: Uint8Array, answer: string): string {
  const sentIds = sentIdsIn(batch);
  return answer.replaceAll(/"id":"(\d+)"/g, (whole, place) => {
    const sentId = sentIds[Number(place) - 1];
    return sentId === undefined ? whole : `"id":"${sentId}"`;
  });
}
