/** The ids under which the calls of a batch were sent to Graph. */
function sentIdsIn(batch: Uint8Array): readonly string[] {
  const { requests }: { requests: { id: string }[] } = JSON.parse(Buffer.from(batch).toString());
  return requests.map(({ id }) => id);
}

/**
 * Graph's response to a batch. In the test's text, the id "1" stands for the id that was sent for the first call, and so
 * on. Other ids stay unchanged.
 */
export function withSentIds(batch: Uint8Array, answer: string): string {
  const sentIds = sentIdsIn(batch);
  return answer.replaceAll(/"id":"(\d+)"/g, (whole, place) => {
    const sentId = sentIds[Number(place) - 1];
    return sentId === undefined ? whole : `"id":"${sentId}"`;
  });
}
